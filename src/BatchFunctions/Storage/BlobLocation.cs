namespace BatchFunctions.Storage;

/// <summary>The blob that holds a file's bytes.</summary>
/// <param name="Container">One of <see cref="ContainerNames"/>.</param>
/// <param name="Name">The blob's name within it.</param>
internal readonly record struct BlobLocation(string Container, string Name);
