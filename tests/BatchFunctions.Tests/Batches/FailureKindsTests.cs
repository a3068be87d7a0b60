using BatchFunctions.Batches;
using BatchFunctions.Files;
using BatchFunctions.Lines;

namespace BatchFunctions.Tests.Batches;

public sealed class FailureKindsTests
{
    [Fact]
    public void They_are_read_back_as_they_were_written_and_add_up()
    {
        var kinds = FailureKinds.None.WithStatus(429).WithStatus(429).WithStatus(400).WithCode("request_timeout").WithCode("never heard of").WithStatus(99);

        Assert.Equal([("other", 2L), ("429", 2L), ("request_timeout", 1L), ("400", 1L)], kinds.All.OrderBy(kind => (-kind.Count, kind.Kind == "429", kind.Kind == "400")));
        Assert.Equal(kinds, FailureKinds.FromBytes(kinds.ToBytes()));
        Assert.Equal(12, (kinds + kinds).Total);
        Assert.Equal(kinds, kinds + FailureKinds.None);
        Assert.Null(FailureKinds.None.ToBytes());
        Assert.Equal(FailureKinds.None, FailureKinds.FromBytes(null));
    }

    [Fact]
    public void There_are_a_few_at_most_however_many_come()
    {
        var kinds = Enumerable.Range(400, 200).Aggregate(FailureKinds.None, (sum, status) => sum.WithStatus(status));

        Assert.Equal(FailureKinds.Most + 1, kinds.All.Count());
        Assert.Equal(200, (kinds + FailureKinds.None).Total);
        Assert.Equal(("other", 184L), kinds.All.First());
        Assert.InRange(kinds.ToBytes()!.Length, 1, 80);
    }

    [Fact]
    public void Lines_whose_kind_an_older_version_has_not_noted_are_others()
    {
        Assert.Equal([("other", 3L), ("400", 1L)], FailureKinds.None.WithStatus(400).FilledUpTo(4).All);
        Assert.Equal([("400", 1L)], FailureKinds.None.WithStatus(400).FilledUpTo(0).All);
    }

    [Fact]
    public void A_kind_of_a_newer_version_is_kept_and_shown_as_another()
    {
        var packed = new PackedNumbers();
        packed.Add(57);
        packed.Add(4);

        var kinds = FailureKinds.FromBytes(packed.ToBytes());

        Assert.Equal([("other", 4L)], kinds.All);
        Assert.Equal(kinds, FailureKinds.FromBytes(kinds.ToBytes()));
    }

    [Fact]
    public void What_the_settled_chunks_come_to_is_read_with_them_and_without()
    {
        var settled = new SettledChunks(3, 200, 2, 0, new TokenUsage(1, 2, 3, 4), 5, 6, FailureKinds.None.WithStatus(500).WithStatus(500));
        var before = settled with { Failures = null };

        Assert.Equal(settled, SettledChunks.FromBytes(settled.ToBytes()));
        Assert.Equal(before with { Failures = FailureKinds.None }, SettledChunks.FromBytes(before.ToBytes()));
    }
}
