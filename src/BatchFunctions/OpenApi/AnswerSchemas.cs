using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using BatchFunctions.Batches;
using BatchFunctions.Checks;
using BatchFunctions.Failures;
using BatchFunctions.Files;
using BatchFunctions.Http;
using BatchFunctions.Limits;
using BatchFunctions.Metering;
using BatchFunctions.Models;
using BatchFunctions.Operators;
using BatchFunctions.Uploads;
using BatchFunctions.Webhooks;

namespace BatchFunctions.OpenApi;

/// <summary>The schemas of the API's answers, generated from the types that the answers are serialized from.</summary>
internal static class AnswerSchemas
{
    private static readonly (string Name, JsonTypeInfo Type)[] Answers =
    [
        ("Batch", BatchJson.Default.BatchObject),
        ("BatchList", BatchJson.Default.BatchList),
        ("DeletedBatch", BatchJson.Default.DeletedBatchObject),
        ("BatchErrors", FailureJson.Default.BatchErrorsObject),
        ("BatchProgress", BatchJson.Default.BatchProgressObject),
        ("File", FileJson.Default.FileObject),
        ("FileList", FileJson.Default.FileList),
        ("DeletedFile", FileJson.Default.DeletedFileObject),
        ("FileCheck", CheckJson.Default.FileCheckObject),
        ("Upload", UploadJson.Default.UploadObject),
        ("UploadPart", UploadJson.Default.UploadPartObject),
        ("Model", ModelJson.Default.ModelObject),
        ("ModelList", ModelJson.Default.ModelListObject),
        ("Webhook", WebhookJson.Default.WebhookObject),
        ("WebhookList", WebhookJson.Default.WebhookList),
        ("DeletedWebhook", WebhookJson.Default.DeletedWebhookObject),
        ("WebhookDelivery", WebhookJson.Default.DeliveryObject),
        ("WebhookDeliveryList", WebhookJson.Default.DeliveryList),
        ("Limits", LimitsJson.Default.LimitsObject),
        ("Usage", UsageJson.Default.UsagePageObject),
        ("Overview", OperatorJson.Default.OverviewObject),
        ("Health", ApiJson.Default.HealthObject),
        ("Error", ApiJson.Default.ErrorObject),
    ];

    private static readonly JsonSchemaExporterOptions Options = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = Complete,
    };

    public static IEnumerable<KeyValuePair<string, JsonNode?>> All() =>
        Answers.Select(answer => KeyValuePair.Create(answer.Name, (JsonNode?)answer.Type.GetJsonSchemaAsNode(Options)));

    /// <summary>
    /// Adds what the types alone do not express, and replaces types that have a schema of their own by references.
    /// </summary>
    private static JsonObject Complete(JsonSchemaExporterContext context, JsonNode node)
    {
        if (node is not JsonObject schema)
        {
            throw new InvalidOperationException($"{context.TypeInfo.Type} is written in a way that has no schema.");
        }

        // The exporter also considers deserialization, where a property without a setter might be given null.
        if (context.PropertyInfo is { } property && (!property.IsGetNullable || IsLeftOut(property)) && schema["type"] is JsonArray types)
        {
            schema["type"] = types[0]!.DeepClone();
        }

        var named = Answers.FirstOrDefault(answer => answer.Type.Type == context.TypeInfo.Type).Name;
        if (named is not null && context.Path.Length > 0)
        {
            var reference = OpenApiSchema.Ref(named);
            return schema["type"] is JsonArray ? OpenApiSchema.Nullable(reference) : reference;
        }

        if (schema["properties"] is JsonObject properties)
        {
            // An answer always has all of its properties, but for those that are left out where others would be null.
            var leftOut = context.TypeInfo.Properties.Where(IsLeftOut).Select(left => left.Name).ToHashSet(StringComparer.Ordinal);
            schema["required"] = new JsonArray([.. properties.Select(named => named.Key).Where(name => !leftOut.Contains(name)).Select(name => JsonValue.Create(name))]);
        }

        foreach (var attribute in context.PropertyInfo?.AttributeProvider?.GetCustomAttributes(inherit: false) ?? [])
        {
            Add(schema, attribute);
        }

        return schema;
    }

    private static bool IsLeftOut(JsonPropertyInfo property) => property.AttributeProvider?
        .GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: false) is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.WhenWritingNull }];

    private static void Add(JsonObject schema, object attribute)
    {
        switch (attribute)
        {
            case DescriptionAttribute description:
                schema["description"] = description.Description;
                break;
            case ExampleAttribute example:
                schema["examples"] = new JsonArray(example.Value);
                break;
            case AllowedValuesAttribute { Values: [string constant] }:
                schema["const"] = constant;
                break;
            case AllowedValuesAttribute allowed:
                schema["enum"] = new JsonArray([.. allowed.Values.Select(value => JsonValue.Create((string)value!))]);
                break;
            case RangeAttribute range:
                schema["minimum"] = Convert.ToInt64(range.Minimum, System.Globalization.CultureInfo.InvariantCulture);
                break;
            default:
                break;
        }
    }
}
