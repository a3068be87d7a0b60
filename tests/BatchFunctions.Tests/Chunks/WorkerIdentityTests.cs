using System.Diagnostics;
using System.Globalization;
using BatchFunctions.Chunks;
using BatchFunctions.Ids;

namespace BatchFunctions.Tests.Chunks;

public sealed class WorkerIdentityTests
{
    private static readonly WorkerIdentity Own = WorkerIdentity.Own with { Machine = "this machine" };

    [Fact]
    public void A_process_that_runs_is_not_known_to_be_dead()
    {
        Assert.False(WorkerIdentity.Own.KnowsDead(WorkerIdentity.Own.NewClaim()));
        using var other = Process.Start("sleep", "60");
        try
        {
            Assert.False(Own.KnowsDead(ClaimOf(other)));
        }
        finally
        {
            other.Kill();
        }
    }

    [Fact]
    public async Task A_process_of_this_machine_that_has_ended_is_dead_and_so_is_one_whose_number_another_has_now()
    {
        using var other = Process.Start("sleep", "60");
        var claim = ClaimOf(other);
        other.Kill();
        await other.WaitForExitAsync();
        Assert.True(Own.KnowsDead(claim));
        Assert.True(Own.KnowsDead((Own with { Started = Own.Started - 1 }).NewClaim()));
    }

    [Fact]
    public void Of_other_machines_and_of_claims_of_before_nothing_is_known()
    {
        var dead = Own with { Started = Own.Started - 1 };
        Assert.False(Own.KnowsDead((dead with { Machine = "another" }).NewClaim()));
        Assert.False((Own with { Machine = "" }).KnowsDead((dead with { Machine = "" }).NewClaim()));
        Assert.False(Own.KnowsDead("0123456789abcdef0123456789abcdef"));
    }

    [Fact]
    public void A_chunk_whose_worker_is_dead_is_held_no_more()
    {
        var now = DateTimeOffset.UnixEpoch.AddYears(60);
        var held = new Chunk
        {
            Batch = new BatchKey("local", "batch_1"),
            Number = 0,
            Offset = 0,
            Length = 1,
            Lines = 1,
            LinesBefore = 0,
        }.Claim(now.AddMinutes(1));
        Assert.True(held.IsHeld(now));
        Assert.Equal(WorkerIdentity.Own.Machine.Length == 0, (held with { Owner = DeadHere() }).IsHeld(now));

        static string DeadHere() => (WorkerIdentity.Own with { Started = WorkerIdentity.Own.Started - 1 }).NewClaim();
    }

    private static string ClaimOf(Process process) =>
        new WorkerIdentity(Own.Machine, process.Id, StartOf(process)).NewClaim();

    private static long StartOf(Process process) =>
        long.Parse(File.ReadAllText($"/proc/{process.Id}/stat").Split(") ")[1].Split(' ')[19], CultureInfo.InvariantCulture);
}
