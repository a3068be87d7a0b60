using System.Buffers;
using System.Text.Json;
using Azure.Data.Tables;
using BatchFunctions.Batches;
using BatchFunctions.Bench.Sides;
using BenchmarkDotNet.Attributes;

namespace BatchFunctions.Bench.Micro;

/// <summary>What is done for each row of a page. Times and allocations are a row's.</summary>
public class ListBenchmarks
{
    private const int Rows = 100;

    private readonly ArrayBufferWriter<byte> _output = new(1024 * 1024);
    private readonly TableEntity[] _rows =
        [.. Enumerable.Range(0, Rows).Select(number => BatchRow.ToRow(BenchAccount.BatchAt(DateTimeOffset.UtcNow.AddSeconds(-number))))];

    private BatchPage _page = new([], false);

    [GlobalSetup]
    public void Setup() => _page = new BatchPage([.. _rows.Select(BatchRow.FromRow)], HasMore: true);

    [Benchmark(OperationsPerInvoke = Rows, Description = "row")]
    public int Read()
    {
        var lines = 0;
        foreach (var row in _rows)
        {
            lines += BatchRow.FromRow(row).Counts.Total;
        }

        return lines;
    }

    [Benchmark(OperationsPerInvoke = Rows, Description = "serialise")]
    public int Serialise()
    {
        _output.ResetWrittenCount();
        using (var writer = new Utf8JsonWriter(_output))
        {
            JsonSerializer.Serialize(writer, BatchObject.ListOf(_page), BatchJson.Default.BatchList);
        }

        return _output.WrittenCount;
    }
}
