namespace BatchFunctions.Simulation.Time;

/// <summary>Something that will happen, unless it is called off.</summary>
/// <param name="host">Whose it is; null for what does not depend on a process, as a request that is on its way.</param>
/// <param name="run">What happens.</param>
internal sealed class Appointment(IHost? host, Action run)
{
    private Action? _run = run;

    public IHost? Host => host;

    public bool IsOff => _run is null;

    public void CallOff() => _run = null;

    public void Run()
    {
        var run = _run;
        _run = null;
        run?.Invoke();
    }
}

/// <summary>A process that things happen in.</summary>
internal interface IHost
{
    /// <summary>Nothing happens in it any more.</summary>
    bool IsDead { get; }

    /// <summary>Until when nothing happens in it.</summary>
    TimeSpan FrozenUntil { get; }
}
