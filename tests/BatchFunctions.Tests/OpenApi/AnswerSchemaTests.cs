using System.Text.Json.Nodes;
using BatchFunctions.Batches;
using BatchFunctions.OpenApi;

namespace BatchFunctions.Tests.OpenApi;

/// <summary>What the schemas say that are made from the types of the answers.</summary>
public sealed class AnswerSchemaTests
{
    private static readonly JsonObject Schemas = new(AnswerSchemas.All());

    [Fact]
    public void Nullable_is_what_may_be_absent_and_nothing_else()
    {
        Assert.Equal(
            [
                "Batch.model", "Batch.errors", "Batch.errors.data[].param", "Batch.errors.data[].line", "Batch.output_file_id",
                "Batch.error_file_id", "Batch.in_progress_at", "Batch.finalizing_at", "Batch.completed_at", "Batch.failed_at",
                "Batch.expired_at", "Batch.cancelling_at", "Batch.cancelled_at", "Batch.metadata",
                "BatchList.first_id", "BatchList.last_id",
                "BatchErrors.next_offset", "BatchErrors.groups[].status_code", "BatchErrors.groups[].code", "BatchErrors.groups[].example.custom_id",
                "BatchErrors.groups[].example.line", "BatchErrors.groups[].example.request", "BatchErrors.groups[].example.answer",
                "BatchProgress.lines_per_second", "BatchProgress.seconds_left", "BatchProgress.stalled_since", "BatchProgress.upstream.away_since", "BatchProgress.upstream.reason",
                "File.expires_at", "File.status_details", "FileList.first_id", "FileList.last_id",
                "FileCheck.next", "FileCheck.models[].model", "FileCheck.models[].encoding", "FileCheck.faults.data[].param", "FileCheck.faults.data[].line", "FileCheck.faults.next",
                "Upload.file",
                "Webhook.name", "Webhook.failing_since", "Webhook.disabled_at", "Webhook.disabled_reason", "WebhookList.first_id", "WebhookList.last_id",
                "WebhookDelivery.webhook_id", "WebhookDelivery.last_attempt_at", "WebhookDelivery.last_status", "WebhookDelivery.last_error",
                "WebhookDelivery.next_attempt_at", "WebhookDelivery.ended_at", "WebhookDeliveryList.first_id", "WebhookDeliveryList.last_id",
                "Limits.role", "Usage.data[].results[].model", "Usage.next_page", "Overview.batches.oldest",
                "Overview.upstreams[].models", "Overview.upstreams[].limit", "Overview.upstreams[].condition.away_since", "Overview.upstreams[].condition.reason",
                "Overview.upstreams[].processes[].condition.away_since", "Overview.upstreams[].processes[].condition.reason", "Overview.upstreams[].projects[].project",
                "Health.upstream.away_since", "Health.upstream.reason", "Health.upstreams[].away_since", "Health.upstreams[].reason", "Error.error.param", "Error.error.code",
            ],
            Schemas.SelectMany(schema => Nullables(schema.Key, schema.Value!)));
    }

    [Fact]
    public void All_properties_of_an_object_are_required_but_those_that_are_left_out_where_they_would_be_null() => Assert.Equal(
        ["retry_of", "retries", "webhook", "secret"],
        Schemas.SelectMany(schema => Objects(schema.Value!)).Where(node => node["properties"] is not null).SelectMany(node => node["properties"]!.AsObject()
            .Select(property => property.Key)
            .Except(node["required"]!.AsArray().Select(name => name!.GetValue<string>()))));

    [Fact]
    public void A_type_that_has_a_schema_is_referred_to()
    {
        Assert.Equal("#/components/schemas/Batch", Schemas["BatchList"]!["properties"]!["data"]!["items"]!["$ref"]!.GetValue<string>());
        Assert.Equal("#/components/schemas/File", Schemas["Upload"]!["properties"]!["file"]!["anyOf"]![0]!["$ref"]!.GetValue<string>());
    }

    [Fact]
    public void A_status_is_one_of_all() => Assert.Equal(
        Enum.GetValues<BatchStatus>().Select(status => status.Wire()),
        Schemas["Batch"]!["properties"]!["status"]!["enum"]!.AsArray().Select(name => name!.GetValue<string>()));

    private static IEnumerable<JsonObject> Objects(JsonNode node) => node switch
    {
        JsonObject parent => parent.SelectMany(child => Objects(child.Value!)).Prepend(parent),
        JsonArray array => array.SelectMany(child => Objects(child!)),
        _ => [],
    };

    private static IEnumerable<string> Nullables(string path, JsonNode schema)
    {
        if (schema["type"] is JsonArray || schema["anyOf"] is not null)
        {
            yield return path;
        }

        var children = (schema["properties"] as JsonObject ?? []).Select(property => ($"{path}.{property.Key}", property.Value!))
            .Concat(schema["items"] is { } items ? [($"{path}[]", items)] : []);
        foreach (var nullable in children.SelectMany(child => Nullables(child.Item1, child.Item2)))
        {
            yield return nullable;
        }
    }
}
