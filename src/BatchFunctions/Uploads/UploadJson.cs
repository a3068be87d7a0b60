using System.Text.Json;
using BatchFunctions.Files;

namespace BatchFunctions.Uploads;

/// <summary>Uploads and parts as the API answers them: OpenAI's properties in OpenAI's order.</summary>
internal static class UploadJson
{
    public static string Wire(this UploadStatus status) => status switch
    {
        UploadStatus.Pending => "pending",
        UploadStatus.Completed => "completed",
        UploadStatus.Cancelled => "cancelled",
        _ => "expired",
    };

    /// <param name="writer">Where to.</param>
    /// <param name="upload">The upload.</param>
    /// <param name="file">The file that it has made; null while there is none, or when it has gone.</param>
    public static void Write(Utf8JsonWriter writer, Upload upload, StoredFile? file)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, upload.Id);
        writer.WriteString("object"u8, "upload"u8);
        writer.WriteNumber("bytes"u8, upload.Bytes);
        writer.WriteNumber("created_at"u8, upload.CreatedAt.ToUnixTimeSeconds());
        writer.WriteString("filename"u8, upload.Filename);
        writer.WriteString("purpose"u8, upload.Purpose);
        writer.WriteString("status"u8, upload.Status.Wire());
        writer.WriteNumber("expires_at"u8, upload.ExpiresAt.ToUnixTimeSeconds());
        writer.WritePropertyName("file"u8);
        if (file is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            FileJson.Write(writer, file);
        }

        writer.WriteEndObject();
    }

    public static void WritePart(Utf8JsonWriter writer, UploadPart part)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, part.Id);
        writer.WriteString("object"u8, "upload.part"u8);
        writer.WriteNumber("created_at"u8, part.CreatedAt.ToUnixTimeSeconds());
        writer.WriteString("upload_id"u8, part.UploadId);
        writer.WriteEndObject();
    }
}
