namespace BatchFunctions.SelfHost;

/// <summary>What has gone wrong, as far as exit codes tell it apart.</summary>
internal enum FailureKind
{
    /// <summary>The command, its options or its surroundings are wrong, and nothing was sent.</summary>
    Usage,

    /// <summary>The storage cannot be reached, or refuses, or holds what forbids it.</summary>
    Refused,

    /// <summary>A file or folder of this machine cannot be read or written.</summary>
    LocalFile,

    /// <summary>The user has ended it.</summary>
    Interrupted,
}
