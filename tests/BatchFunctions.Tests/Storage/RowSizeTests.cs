using System.Text;
using Azure.Data.Tables;
using BatchFunctions.ActiveBatches;
using BatchFunctions.Batches;
using BatchFunctions.Chunks;
using BatchFunctions.Configuration;
using BatchFunctions.Files;
using BatchFunctions.Ids;
using BatchFunctions.Keys;
using BatchFunctions.Lines;
using BatchFunctions.Processing;
using BatchFunctions.Projects;
using BatchFunctions.Receivers;
using BatchFunctions.Uploads;
using BatchFunctions.Upstream;
using BatchFunctions.Wakeups;
using BatchFunctions.Webhooks;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace BatchFunctions.Tests.Storage;

/// <summary>
/// Every row and message at its largest: each text at its greatest length, in characters that cost most somewhere (escaped
/// as six or twelve bytes, four bytes of UTF-8, two units of UTF-16).
/// </summary>
public sealed class RowSizeTests
{
    private const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly string Tenant = new('t', 63);
    private static readonly BatchKey Key = new(Tenant, IdKind.Batch.New(Now));

    private static readonly string[] Costly = ["a", "\"", "\\", "<", "\u0001", "\u007f", "\u00e9", "\u2028", "\u4e16", "\U0001F600", "\U0010FFFF"];

    public static TheoryData<string> Characters => [.. Costly];

    [Theory]
    [MemberData(nameof(Characters))]
    public void A_batch(string character)
    {
        var batch = Largest(character);
        var metadata = batch.Metadata!;
        RowSizes.AssertFits(BatchRow.ToRow(batch));
        Assert.Equal(metadata, BatchRow.FromRow(BatchRow.ToRow(batch)).Metadata);
        RowSizes.AssertFits(BatchRow.ToRow(batch.FinalizeFailed(BatchFailures.ChunksUnreadable(50_000), Now)));
    }

    /// <summary>Ids are cut where they are shown, so a hundred errors of this kind are all kept.</summary>
    [Theory]
    [MemberData(nameof(Characters))]
    public void Errors_that_name_an_id_are_all_kept(string character)
    {
        var problem = LineProblem.DuplicateCustomId(Repeat(character, LineChecker.MaxCustomIdCharacters));
        var errors = Enumerable.Range(49_900, 100).Select(line => ErrorOf(problem, line)).ToList();
        errors.Add(ErrorOf(LineProblem.TooManyRequests(50_000), null));
        var row = BatchRow.ToRow(Largest(character) with { Errors = errors });
        RowSizes.AssertFits(row);
        Assert.Equal(errors, BatchRow.FromRow(row).Errors);
    }

    [Theory]
    [MemberData(nameof(Characters))]
    public void Errors_that_do_not_fit_are_counted(string character)
    {
        foreach (var problem in new[]
        {
            LineProblem.InvalidUrl(Repeat(character, BatchOptions.LongestEndpoint)),
            LineProblem.DuplicateProperty(Repeat(character, 256)),
            new LineProblem("code", Repeat(character, 100_000), "param"),
        })
        {
            var errors = Enumerable.Range(1, 100).Select(line => ErrorOf(problem, line)).ToList();
            var row = BatchRow.ToRow(Largest(character) with { Errors = errors });
            RowSizes.AssertFits(row);
            var kept = BatchRow.FromRow(row).Errors;
            if (kept.Count < 100 || kept[^1].Code == BatchErrorsJson.More)
            {
                Assert.Equal(errors.Take(kept.Count - 1), kept.SkipLast(1));
                Assert.Equal(BatchErrorsJson.More, kept[^1].Code);
                Assert.Contains($"{101 - kept.Count} more", kept[^1].Message, StringComparison.Ordinal);
            }
            else
            {
                Assert.Equal(errors, kept);
            }
        }
    }

    /// <summary>Mixed from all of them at random, so that no limit depends on one character filling everything.</summary>
    [Fact]
    public void Errors_of_any_texts_fit()
    {
        var random = new Random(1);
        for (var round = 0; round < 200; round++)
        {
            var errors = Enumerable.Range(1, random.Next(1, 102)).Select(line => new BatchError(
                "code", string.Concat(random.GetItems(Costly, random.Next(2000))), string.Concat(random.GetItems(Costly, random.Next(100))), line)).ToList();
            var json = BatchErrorsJson.Write(errors);
            Assert.InRange(json.Length, 2, 64 * 1024);
            var kept = BatchErrorsJson.Read(json);
            Assert.True(kept.SequenceEqual(errors) || kept[^1].Code == BatchErrorsJson.More);
        }
    }

    [Theory]
    [MemberData(nameof(Characters))]
    public void A_chunk(string character)
    {
        var blocks = Enumerable.Range(0, 1000).Select(part => new StagedBlock(999_999, part)).ToList();
        var chunk = new Chunk
        {
            Batch = Key,
            Number = 999_999,
            Offset = long.MaxValue,
            Length = long.MaxValue,
            Lines = BatchOptions.LongestChunk,
            LinesBefore = int.MaxValue,
            Epoch = 999_999,
            Owner = WorkerIdentity.Own.NewClaim() + new string('x', 255),
            LeaseUntil = Now,
            NotBefore = Now,
            InputLost = true,
            Done = LineSet.Empty.With([.. Enumerable.Range(0, BatchOptions.LongestChunk)]),
            Segments =
            [
                .. Enumerable.Range(0, BatchOptions.LongestChunk)
                    .Select(part => new ResultSegment(999_999, part, 256 * 1024 * 1024, 1, 256 * 1024 * 1024, 1)),
            ],
            Loose = [.. Enumerable.Range(900_000, 1000)],
            Staged = new StagedResults(blocks, blocks, long.MaxValue, long.MaxValue),
            Left = Enumerable.Range(0, BatchOptions.LongestChunk).ToDictionary(
                line => line,
                line => new LineLeft(
                    new LineState(30_000, 30_000, true, new LastAnswer(599, LastAnswer.Excerpt(FormattableString.Invariant($"{line:D4}") + Repeat(character, 1000))))
                    {
                        PutOffAt = Now,
                        RefusedAlone = 30_000,
                        AloneSince = Now,
                        ToldAlike = 30_000,
                    },
                    Now)),
        };
        RowSizes.AssertFits(ChunkRow.ToRow(chunk));
    }

    [Theory]
    [MemberData(nameof(Characters))]
    public async Task The_other_rows(string character)
    {
        var rows = new List<TableEntity>();
        var table = RowSizes.TableThatShows(rows.Add);
        var time = new FakeTimeProvider(Now);
        var tables = new Mock<TableServiceClient>();
        tables.Setup(t => t.GetTableClient(It.IsAny<string>())).Returns(table);
        var name = FileName.Clean(Repeat(character, 10_000) + "x")!;
        var file = new StoredFile
        {
            Tenant = Tenant,
            Id = IdKind.File.New(Now),
            Filename = name,
            Purpose = FilePurposes.BatchOutput,
            Bytes = long.MaxValue,
            CreatedAt = Now,
            ExpiresAt = Now,
            Blob = ResultBlobs.FileOf(Key.Id, ResultFile.Output),
            Deleted = true,
            IsGrowing = true,
            Segments = [.. Enumerable.Range(0, 50_000).Select(line => new FileSegment(line / 100, 10_000, line % 100, 256 * 1024 * 1024, 1))],
        };
        await new FileStore(table, time).TryInsertAsync(file, CancellationToken.None);
        await new UploadStore(table).InsertAsync(
            new Upload
            {
                Tenant = Tenant,
                Id = IdKind.Upload.New(Now),
                FileId = file.Id,
                Filename = name,
                Purpose = "fine-tune",
                Bytes = long.MaxValue,
                FileSeconds = long.MaxValue,
                Status = UploadStatus.Pending,
                ClaimedUntil = Now,
            },
            CancellationToken.None);
        await new ActiveBatchStore(table).InsertAsync(new ActiveBatch(Key, file.Id, Now), CancellationToken.None);
        await new ExpiringStore(table).AddAsync(file.ToExpiringEntry(Now), CancellationToken.None);
        var wakeups = new WakeupStore(table, time);
        await wakeups.TryAddAdvanceAsync(Key, CancellationToken.None);
        await wakeups.AskSweepAsync(Now, DateTimeOffset.MaxValue, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(10), CancellationToken.None);
        var keys = new ApiKeyStore(tables.Object, time);
        await keys.CreateAsync(Tenant, Repeat(character, ApiKeyStore.LongestName / character.Length), CancellationToken.None);

        await new ProjectStore(tables.Object).ChangeAsync(
            Tenant,
            project => project with { Weight = Project.MostWeight, MaxBatches = Project.MostBatches, MaxLines = Project.MostLines, Role = ProjectRole.Operator },
            CancellationToken.None);

        var webhook = await new WebhookStore(table, TimeProvider.System).InsertAsync(
            new Webhook
            {
                Tenant = Tenant,
                Id = IdKind.Webhook.New(Now),
                Url = Repeat(character, ReceiverUrl.MaxLength / character.Length),
                Name = Repeat(character, 64 / character.Length),
                Secret = ReceiverSecret.New(),
                OldSecrets = [.. Enumerable.Range(0, Webhook.MostOldSecrets).Select(_ => new OldSecret(ReceiverSecret.New(), Now))],
                Events = EventTypes.All,
            },
            CancellationToken.None);
        await new DeliveryStore(table).TryInsertAsync(Delivery.TestOf(webhook, EventTypes.All[0], Now), CancellationToken.None);

        Assert.Equal(10, rows.Count);
        Assert.All(rows, RowSizes.AssertFits);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => keys.CreateAsync(Tenant, new string('x', ApiKeyStore.LongestName + 1), CancellationToken.None));
    }

    [Fact]
    public void A_message() => Assert.All(Enum.GetValues<BatchMessageKind>(), kind => RowSizes.AssertFits(
        (BatchMessage.OfChunk(Key, int.MaxValue) with
        {
            Kind = kind,
            TraceParent = Trace,
            Delivery = IdKind.Delivery.New(Now),
            Attempt = int.MaxValue,
            Ticket = "W/\"datetime'2026-01-02T03%3A04%3A05.1234567Z'\"",
            DueAt = long.MaxValue,
        }).ToString()));

    private static string Repeat(string character, int times) => new StringBuilder().Insert(0, character, times).ToString();

    private static BatchError ErrorOf(LineProblem problem, int? line) => new(problem.Code, problem.Message, problem.Param, line);

    private static Batch Largest(string character) => new(BatchStatus.InProgress)
    {
        Tenant = Key.Tenant,
        Id = Key.Id,
        Endpoint = Repeat(character, BatchOptions.LongestEndpoint / character.Length),
        InputFileId = IdKind.File.New(Now),
        CompletionWindow = "24h",
        CreatedAt = Now,
        ExpiresAt = Now,
        Model = Repeat(character, LineChecker.MaxModelCharacters),
        OutputFileId = IdKind.File.New(Now),
        ErrorFileId = IdKind.File.New(Now),
        Metadata = Enumerable.Range(0, 16).ToDictionary(
            pair => (char)('a' + pair) + Repeat(character, 63), _ => Repeat(character, 512)),
        ChunkLines = 1,
        ChunkBytes = 1,
        ChunkTarget = 1,
        InputBlob = FileBlobs.LocationOf(Tenant, IdKind.File.New(Now)),
        TraceParent = Trace,
        Webhook = new BatchWebhook(Repeat(character, ReceiverUrl.MaxLength / character.Length), "whsec_" + new string('x', 100)),
    };
}
