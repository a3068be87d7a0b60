using Spectre.Console;
using Spectre.Console.Rendering;

namespace BatchFunctions.Cli.Terminal;

/// <summary>Progress in a terminal: one line with a bar, which is removed when the work is done.</summary>
internal sealed class ProgressBarLine : IProgressDisplay
{
    private const int BarWidth = 30;

    private readonly ProgressTask _task;
    private readonly DetailColumn _detail;

    private ProgressBarLine(ProgressTask task, DetailColumn detail)
    {
        _task = task;
        _detail = detail;
    }

    /// <summary>Shows the line while the work runs.</summary>
    public static Task<T> AroundAsync<T>(IAnsiConsole console, Func<IProgressDisplay, Task<T>> work)
    {
        var detail = new DetailColumn();
        return console.Progress()
            .AutoClear(true)
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn { Width = BarWidth },
                detail)
            .StartAsync(context => work(new ProgressBarLine(context.AddTask("batch", maxValue: 1), detail)));
    }

    /// <inheritdoc/>
    public void Show(ProgressNote note)
    {
        _task.Description = StatusStyle.Markup(note.Label);
        _task.IsIndeterminate = note.Fraction is null;
        _task.Value = note.Fraction ?? 0;
        _detail.Text = note.Detail;
    }

    private sealed class DetailColumn : ProgressColumn
    {
        public string Text { get; set; } = "";

        protected override bool NoWrap => true;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(Text);
    }
}
