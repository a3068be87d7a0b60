namespace BatchFunctions.Lines;

/// <summary>What the first line of a file is.</summary>
internal enum FirstLine
{
    /// <summary>Not enough of it has been seen.</summary>
    Undecided,

    /// <summary>A JSON object, or too large a beginning of one to hold.</summary>
    JsonObject,

    /// <summary>There is none: the file is empty or blank.</summary>
    Empty,

    /// <summary>Anything that has no name of its own below.</summary>
    NotJsonObject,

    /// <summary>Text in UTF-16, with or without a byte order mark.</summary>
    Utf16,

    /// <summary>Bytes that gzip has compressed.</summary>
    Gzip,

    /// <summary>A zip archive.</summary>
    Zip,

    /// <summary>The beginning of a JSON array.</summary>
    JsonArray,

    /// <summary>A JSON object that goes on in the next line.</summary>
    Indented,

    /// <summary>JSON objects with CR alone between them.</summary>
    CarriageReturns,

    /// <summary>A comma behind the last member or element, or behind the object.</summary>
    TrailingComma,

    /// <summary><c>NaN</c> or <c>Infinity</c> where a value stands.</summary>
    NotANumber,
}

/// <summary>What is told of a first line that is no JSON object, by the service and by the command line alike.</summary>
internal static class FirstLines
{
    /// <summary>What it is and what to do, to be put behind a colon.</summary>
    public static string Explanation(this FirstLine line) => line switch
    {
        FirstLine.Utf16 => "the file is UTF-16. Save it as UTF-8.",
        FirstLine.Gzip => "the file is compressed with gzip. Decompress it first.",
        FirstLine.Zip => "the file is a zip archive. Take the file out of it first.",
        FirstLine.JsonArray => "the file is a JSON array. Write one JSON object a line, without brackets around them or commas between them.",
        FirstLine.Indented => "the first line ends within a JSON object, as in pretty-printed JSON. Write each request on one line.",
        FirstLine.CarriageReturns => "its lines end with CR alone. End them with LF or CRLF.",
        FirstLine.TrailingComma => "the first line has a trailing comma, which JSON does not allow. Remove it.",
        FirstLine.NotANumber => "the first line has NaN or Infinity, which JSON does not know. Write null, or leave the property out.",
        _ => "the first line is no JSON object.",
    };
}
