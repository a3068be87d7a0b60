namespace BatchFunctions.Http;

/// <summary>What a property of an answer looks like, for the API's description.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ExampleAttribute(string value) : Attribute
{
    public string Value => value;
}
