using System.Globalization;

namespace BatchFunctions.Simulation.Fleets;

/// <summary>A fleet and its load: as many batches are active at any time, since for each that ends another is made.</summary>
/// <param name="Instances">Processes, each of which polls both queues, as the self-host does.</param>
/// <param name="Batches">Batches that have not ended.</param>
/// <param name="LineSeconds">How long the upstream takes for a line, in seconds.</param>
/// <param name="LinesEach">Lines of a batch.</param>
internal sealed record FleetPlan(int Instances, int Batches, double LineSeconds, int LinesEach)
{
    /// <summary>Lines in flight for each instance, where the limit of an upstream allows it: the share of one that the operator's guide reckons with.</summary>
    private const int PlacesEach = 64;

    /// <summary>The most that the setting takes.</summary>
    private const int MostPlaces = 4096;

    /// <summary>Chunks that an instance takes up at most: host.json's threshold, and a fetch more.</summary>
    private const int MostChunksEach = 80;

    /// <summary>Seconds from the first line that ended since the last checkpoint to the next one, and between two looks of other kinds.</summary>
    private const double Checkpoint = 6;
    private const double HalfLease = 7.5;
    private const double ProgressGap = 10;
    private const double SweepInterval = 10;

    /// <summary>Seconds between two renewals of an instance's share of the upstream.</summary>
    private const double RenewalInterval = 3;

    /// <summary>Of the mean time of a line: between these every ratio is as likely, and their mean is 1.</summary>
    private const double FastestLine = 0.5;
    private const double SlowestLine = 1.756;

    /// <summary>Chunks that come together in one instance, and how many times as many pairs there are as if a batch's were never parted.</summary>
    private const double ChunksTogether = 6;
    private const double TakenApart = 1.2;

    /// <summary>The most batches that an operator may let a project have.</summary>
    private const int MostBatchesEach = 10_000;

    private const int ChunkLines = 100;
    private const int ChunkWindow = 20;
    private const int LeastWindow = 2;
    private const int MostCounted = 100;

    /// <summary>How long a request to storage takes.</summary>
    public static TimeSpan RequestTime { get; } = TimeSpan.FromMilliseconds(10);

    /// <summary>Lines in flight of all instances together.</summary>
    public int Places => Math.Min(PlacesEach * Instances, MostPlaces);

    /// <summary>Projects that so many batches take at least. What is simulated is of one.</summary>
    public int Projects => (Batches + MostBatchesEach - 1) / MostBatchesEach;

    /// <summary>Chunks of a batch.</summary>
    public int ChunksEach => (LinesEach + ChunkLines - 1) / ChunkLines;

    /// <summary>Chunks of a batch that have a message, by the window that batches begin with.</summary>
    public double Window => Math.Min(
        ChunksEach, Math.Max(LeastWindow, Math.Max(ChunkWindow, 2d * Places * ChunksEach / LinesEach) / Math.Min(Batches, MostCounted)));

    /// <summary>Chunks that instances work on.</summary>
    public double ChunksInHand => Math.Min(Batches * Window, (double)MostChunksEach * Instances);

    /// <summary>How full of chunks the instances are, from 0 to 1.</summary>
    public double Fullness => ChunksInHand / ((double)MostChunksEach * Instances);

    /// <summary>
    /// Lines that end in a second: those of the places, of the chunks in hand, each of which takes as long as its slowest line and a second until
    /// the next one is begun, or of the batches, each of which takes two seconds beside its lines; where these are near each other, fewer.
    /// </summary>
    public double LinesPerSecond
    {
        get
        {
            var slowest = LineSeconds * SlowestLine;
            double[] bounds = [Places / LineSeconds, ChunksInHand * LinesEach / ChunksEach / (slowest + 1), (double)Batches * LinesEach / (slowest + 2)];
            return 1 / Math.Sqrt(bounds.Sum(static bound => 1 / (bound * bound)));
        }
    }

    /// <summary>Chunks that end in a second.</summary>
    public double ChunksPerSecond => LinesPerSecond * ChunksEach / LinesEach;

    /// <summary>Batches that end in a second, for each of which another is made.</summary>
    public double BatchesPerSecond => LinesPerSecond / LinesEach;

    /// <summary>
    /// Pairs of an instance and a batch of which it has chunks in hand: chunks that instances wait for fall where they fall, and of those that wait for
    /// instances a batch's are mostly taken together.
    /// </summary>
    public double Pairs
    {
        get
        {
            var falling = Instances * (double)Batches * (1 - Math.Pow(1 - (ChunksInHand / Instances / (Batches * Window)), Window));
            var together = ChunksInHand / Math.Max(1, Window / TakenApart);
            return falling + ((together - falling) * Fullness * Fullness);
        }
    }

    /// <summary>Checkpoints in a second: a chunk makes one when a line of it has ended, six seconds after the last, and the lowest chunk of a batch goes first.</summary>
    public double CheckpointsPerSecond
    {
        get
        {
            var sending = Math.Min(ChunksInHand, Pairs + (Places / (double)ChunkLines));
            return sending / (Checkpoint + (sending / LinesPerSecond));
        }
    }

    /// <summary>Claims that are renewed in a second: half a lease after they were written last.</summary>
    public double ClaimsRenewedPerSecond => Math.Max(0, (ChunksInHand / HalfLease) - CheckpointsPerSecond);

    /// <summary>Advances that are asked for in a second, for counts: by an instance for a batch, once in ten seconds in which lines of it have ended.</summary>
    public double AdvancesPerSecond => Pairs / (ProgressGap + (Pairs / LinesPerSecond));

    /// <summary>Batches that the sweep looks at in a second: one after the other, with two requests each, and ten seconds between two rounds.</summary>
    public double SweptPerSecond => Batches / (SweepInterval + (Batches * 2 * RequestTime.TotalSeconds));

    /// <summary>Rows that creations count in a second: those of the project's batches, and up to a hundred for the window.</summary>
    public double RowsCountedPerSecond => BatchesPerSecond * ((Batches / (double)Projects) + Math.Min(Batches, MostCounted));

    /// <summary>Instances that ask for chunks, since they have not as many as they take.</summary>
    public double AskingForChunks => Instances * (1 - (Fullness * Fullness));

    /// <summary>Instances that have chunks in hand: one takes several at once, so that of few chunks many instances get none.</summary>
    public double Working => Instances * (1 - Math.Exp(-ChunksInHand / (ChunksTogether * Instances)));

    /// <summary>Renewals of instances' shares in a second: each that has chunks in hand renews its own every three.</summary>
    public double RenewalsPerSecond => Working / RenewalInterval;

    /// <summary>The upstream's times for a line, from its fastest on, so that their mean is what the plan says.</summary>
    public (TimeSpan Least, TimeSpan Most) LineTimes => (TimeSpan.FromSeconds(LineSeconds * FastestLine), TimeSpan.FromSeconds(LineSeconds * SlowestLine));

    /// <summary>What every instance is deployed with; all else is as shipped.</summary>
    public IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["Batch:Upstream:BaseUrl"] = "http://upstream.invalid/v1",
        ["Batch:Upstream:Concurrency"] = Places.ToString(CultureInfo.InvariantCulture),
        ["Batch:CreateStorage"] = "false",
        ["Batch:Quota:MaxBatches"] = "10000",
        ["Batch:Quota:MaxLines"] = "1000000000",
    };

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Instances} instances, {Batches} batches of {LinesEach} lines, {LineSeconds:0.###} s a line");
}
