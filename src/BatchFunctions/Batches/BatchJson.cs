using System.Text.Json;

namespace BatchFunctions.Batches;

/// <summary>A batch as the API answers it: OpenAI's properties in OpenAI's order, absent values as explicit nulls.</summary>
internal static class BatchJson
{
    public static void Write(Utf8JsonWriter writer, Batch batch)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, batch.Id);
        writer.WriteString("object"u8, "batch"u8);
        writer.WriteString("endpoint"u8, batch.Endpoint);
        writer.WriteString("model"u8, batch.Model);
        WriteErrors(writer, batch.Errors);
        writer.WriteString("input_file_id"u8, batch.InputFileId);
        writer.WriteString("completion_window"u8, batch.CompletionWindow);
        writer.WriteString("status"u8, batch.Status.Wire());
        writer.WriteString("output_file_id"u8, batch.OutputFileId);
        writer.WriteString("error_file_id"u8, batch.ErrorFileId);
        WriteTime(writer, "created_at"u8, batch.CreatedAt);
        WriteTime(writer, "in_progress_at"u8, batch.InProgressAt);
        WriteTime(writer, "expires_at"u8, batch.ExpiresAt);
        WriteTime(writer, "finalizing_at"u8, batch.FinalizingAt);
        WriteTime(writer, "completed_at"u8, batch.CompletedAt);
        WriteTime(writer, "failed_at"u8, batch.FailedAt);
        WriteTime(writer, "expired_at"u8, batch.ExpiredAt);
        WriteTime(writer, "cancelling_at"u8, batch.CancellingAt);
        WriteTime(writer, "cancelled_at"u8, batch.CancelledAt);
        writer.WriteStartObject("request_counts"u8);
        writer.WriteNumber("total"u8, batch.Counts.Total);
        writer.WriteNumber("completed"u8, batch.Counts.Completed);
        writer.WriteNumber("failed"u8, batch.Counts.Failed);
        writer.WriteEndObject();
        WriteUsage(writer, batch);
        WriteMetadata(writer, batch.Metadata);
        writer.WriteEndObject();
    }

    public static void WriteList(Utf8JsonWriter writer, BatchPage page)
    {
        writer.WriteStartObject();
        writer.WriteString("object"u8, "list"u8);
        writer.WriteStartArray("data"u8);
        foreach (var batch in page.Batches)
        {
            Write(writer, batch);
        }

        writer.WriteEndArray();
        writer.WriteString("first_id"u8, page.Batches.Count > 0 ? page.Batches[0].Id : null);
        writer.WriteString("last_id"u8, page.Batches.Count > 0 ? page.Batches[^1].Id : null);
        writer.WriteBoolean("has_more"u8, page.HasMore);
        writer.WriteEndObject();
    }

    private static void WriteErrors(Utf8JsonWriter writer, IReadOnlyList<BatchError> errors)
    {
        if (errors.Count == 0)
        {
            writer.WriteNull("errors"u8);
            return;
        }

        writer.WriteStartObject("errors"u8);
        writer.WriteString("object"u8, "list"u8);
        writer.WriteStartArray("data"u8);
        foreach (var error in errors)
        {
            writer.WriteStartObject();
            writer.WriteString("code"u8, error.Code);
            writer.WriteString("message"u8, error.Message);
            writer.WriteString("param"u8, error.Param);
            if (error.Line is { } line)
            {
                writer.WriteNumber("line"u8, line);
            }
            else
            {
                writer.WriteNull("line"u8);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter writer, Batch batch)
    {
        writer.WriteStartObject("usage"u8);
        writer.WriteNumber("input_tokens"u8, batch.Usage.Input);
        writer.WriteStartObject("input_tokens_details"u8);
        writer.WriteNumber("cached_tokens"u8, batch.Usage.CachedInput);
        writer.WriteEndObject();
        writer.WriteNumber("output_tokens"u8, batch.Usage.Output);
        writer.WriteStartObject("output_tokens_details"u8);
        writer.WriteNumber("reasoning_tokens"u8, batch.Usage.ReasoningOutput);
        writer.WriteEndObject();
        writer.WriteNumber("total_tokens"u8, batch.Usage.Total);
        writer.WriteEndObject();
    }

    private static void WriteMetadata(Utf8JsonWriter writer, IReadOnlyDictionary<string, string>? metadata)
    {
        if (metadata is null)
        {
            writer.WriteNull("metadata"u8);
            return;
        }

        writer.WriteStartObject("metadata"u8);
        foreach (var (key, value) in metadata)
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter writer, ReadOnlySpan<byte> name, DateTimeOffset? time)
    {
        if (time is { } value)
        {
            writer.WriteNumber(name, value.ToUnixTimeSeconds());
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
