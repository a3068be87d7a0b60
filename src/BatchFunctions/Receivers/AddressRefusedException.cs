namespace BatchFunctions.Receivers;

/// <summary>A host has no address that an event may be sent to.</summary>
internal sealed class AddressRefusedException(string host) : Exception($"The host {host} has no address that events may be sent to.");
