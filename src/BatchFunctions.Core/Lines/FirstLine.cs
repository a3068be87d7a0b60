namespace BatchFunctions.Lines;

/// <summary>What a file's first line turns out to be.</summary>
internal enum FirstLine
{
    /// <summary>Not enough has been read to decide.</summary>
    Undecided,

    /// <summary>A JSON object, or the beginning of one that is too large to buffer.</summary>
    JsonObject,

    /// <summary>There is no line: the file is empty or blank.</summary>
    Empty,

    /// <summary>Anything else that is not a JSON object.</summary>
    NotJsonObject,

    /// <summary>Text in UTF-16, with or without a byte order mark.</summary>
    Utf16,

    /// <summary>Data compressed with gzip.</summary>
    Gzip,

    /// <summary>A zip archive.</summary>
    Zip,

    /// <summary>The beginning of a JSON array.</summary>
    JsonArray,

    /// <summary>A JSON object that continues on the next line.</summary>
    Indented,

    /// <summary>JSON objects separated by CR alone.</summary>
    CarriageReturns,

    /// <summary>A comma after the last member or element, or after the object.</summary>
    TrailingComma,

    /// <summary><c>NaN</c> or <c>Infinity</c> as a value.</summary>
    NotANumber,
}

/// <summary>Explains why a first line is not a JSON object, for the service and the command line alike.</summary>
internal static class FirstLines
{
    /// <summary>What the file is and what to do about it; follows a colon.</summary>
    public static string Explanation(this FirstLine line) => line switch
    {
        FirstLine.Utf16 => "the file is UTF-16. Save it as UTF-8.",
        FirstLine.Gzip => "the file is compressed with gzip. Give it a name that ends with .jsonl.gz, or decompress it first.",
        FirstLine.Zip => "the file is a zip archive. Take the file out of it first.",
        FirstLine.JsonArray => "the file is a JSON array. Write one JSON object a line, without brackets around them or commas between them.",
        FirstLine.Indented => "the first line ends within a JSON object, as in pretty-printed JSON. Write each request on one line.",
        FirstLine.CarriageReturns => "its lines end with CR alone. End them with LF or CRLF.",
        FirstLine.TrailingComma => "the first line has a trailing comma, which JSON does not allow. Remove it.",
        FirstLine.NotANumber => "the first line has NaN or Infinity, which JSON does not know. Write null, or leave the property out.",
        _ => "the first line is no JSON object.",
    };
}
