namespace BatchFunctions.StrictStorage.Http;

/// <summary>
/// A refusal, with a code of https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes or of one of the
/// three services' own lists beside it.
/// </summary>
internal sealed class StorageException(int status, string code, string message) : Exception(message)
{
    public int Status => status;

    public string Code => code;

    public static StorageException ResourceNotFound(string message = "The specified resource does not exist.") =>
        new(404, "ResourceNotFound", message);

    public static StorageException InvalidInput(string message) => new(400, "InvalidInput", message);

    public static StorageException InvalidHeader(string message) => new(400, "InvalidHeaderValue", message);

    public static StorageException InvalidXml() =>
        new(400, "InvalidXmlDocument", "XML specified is not syntactically valid.");

    public static StorageException BodyTooLarge() =>
        new(413, "RequestBodyTooLarge", "The request body is too large and exceeds the maximum permissible limit.");

    public static StorageException NotSatisfied() =>
        new(412, "ConditionNotMet", "The condition specified using HTTP conditional header(s) is not met.");

    /// <summary>What the product is not known to ask for: whoever makes it ask builds the answer first.</summary>
    /// <param name="what">What was asked for.</param>
    public static StorageException NotBuilt(string what) =>
        new(501, "NotImplemented", $"The strict storage does not know {what}: build it by the REST documentation.");
}
