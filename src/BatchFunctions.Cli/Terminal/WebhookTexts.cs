using BatchFunctions.Cli.Api;
using Spectre.Console;

namespace BatchFunctions.Cli.Terminal;

/// <summary>Webhooks and deliveries for people.</summary>
internal static class WebhookTexts
{
    private const int AllTypes = 4;

    /// <summary>Webhooks, one in a row.</summary>
    public static Table TableOf(IEnumerable<Webhook> webhooks, DateTimeOffset now)
    {
        var table = TableWith("ID", "STATUS", "EVENTS", "URL", "NAME");
        foreach (var webhook in webhooks)
        {
            table.AddRow(
                Texts.Cell(webhook.Id),
                StatusOf(webhook, now),
                webhook.Events.Count == AllTypes ? "all" : Texts.Cell(string.Join(',', webhook.Events.Select(type => type.Split('.')[^1]))),
                Texts.Cell(webhook.Url),
                Texts.Cell(webhook.Name ?? "-"));
        }

        return table;
    }

    /// <summary>Deliveries, one in a row.</summary>
    public static Table TableOf(IEnumerable<WebhookDelivery> deliveries, DateTimeOffset now)
    {
        var table = TableWith("ID", "EVENT", "BATCH", "STATUS", "TRIES", "LAST", "NEXT", "ENDED");
        foreach (var delivery in deliveries)
        {
            table.AddRow(
                Texts.Cell(delivery.Id),
                Texts.Cell(delivery.Type),
                Texts.Cell(delivery.BatchId),
                delivery.Status switch
                {
                    "delivered" => "[green]delivered[/]",
                    "failed" => "[red]failed[/]",
                    var other => $"[blue]{Texts.Cell(other)}[/]",
                },
                Texts.Count(delivery.Attempts),
                Texts.Cell(delivery.Last ?? "-"),
                delivery.NextAttemptAt is { } next ? NextOf(At(next) - now) : "-",
                Texts.Age(At(delivery.CreatedAt), now));
        }

        return table;
    }

    /// <summary>What came of an attempt, in words.</summary>
    public static string LastOf(WebhookDelivery delivery) => delivery.LastError switch
    {
        null => $"it answered {delivery.LastStatus}",
        "timeout" => "it did not answer in time",
        "unreachable" => "nobody answers there",
        "host_not_found" => "its host has no address",
        "tls_failed" => "its certificate is not good",
        "address_not_allowed" => "its host has no address that events may be sent to",
        var other => other,
    };

    private static string StatusOf(Webhook webhook, DateTimeOffset now) => webhook switch
    {
        { Status: "disabled" } => $"[red]disabled {Texts.Age(At(webhook.DisabledAt ?? 0), now)}, {Texts.Cell(webhook.DisabledReason ?? "-")}[/]",
        { FailingSince: { } since } => $"[yellow]failing for {Texts.Rough(now - At(since))}[/]",
        _ => "[green]enabled[/]",
    };

    private static string NextOf(TimeSpan wait) => wait > TimeSpan.Zero ? $"in {Texts.Rough(wait)}" : "now";

    private static DateTimeOffset At(long seconds) => DateTimeOffset.FromUnixTimeSeconds(seconds);

    private static Table TableWith(params string[] columns)
    {
        var table = new Table().Border(TableBorder.None).AddColumns(columns);
        foreach (var column in table.Columns)
        {
            column.NoWrap().PadLeft(0).PadRight(2);
        }

        return table;
    }
}
