namespace BatchFunctions.Cli.Terminal;

/// <summary>The colours of statuses.</summary>
internal static class StatusStyle
{
    /// <summary>Markup for a status.</summary>
    public static string Markup(string status) => status switch
    {
        "completed" => $"[green]{status}[/]",
        "failed" => $"[red]{status}[/]",
        "expired" or "cancelled" or "cancelling" => $"[yellow]{status}[/]",
        "validating" or "in_progress" or "finalizing" => $"[blue]{status}[/]",
        _ => Texts.Cell(status),
    };
}
