using System.Text;
using System.Text.Json;
using BatchFunctions.Lines;

namespace BatchFunctions.Tests.Lines;

public sealed class LineCheckerTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Body = """{"model":"m","messages":[]}""";

    [Theory]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"m"}}""")]
    [InlineData("""  { "body" : { "model" : "m" , "stream" : false } , "url" : "/v1/chat/completions" , "method" : "POST" , "custom_id" : "a" }  """)]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"stream":null,"model":"m"},"more":[{"custom_id":7}]}""")]
    [InlineData("""{"\u0063ustom_id":"\u0061","m\u0065thod":"P\u004fST","url":"\/v1\/chat\/completions","body":{"mod\u0065l":"\u006d"}}""")]
    [InlineData("""{"custom_id":"😀\ud83d\uDE00","method":"POST","url":"/v1/chat/completions","body":{"model":"m","a":1,"b":{"a":1,"a":2}}}""")]
    public void A_line_that_is_right_has_no_problem(string line) => Assert.Null(Check(line));

    [Theory]
    [InlineData("{")]
    [InlineData("not json")]
    [InlineData("""{"custom_id":"a",}""")]
    [InlineData("""{"custom_id":'a'}""")]
    [InlineData("""{"custom_id":"a"} {"custom_id":"b"}""")]
    [InlineData("""{"custom_id":NaN}""")]
    [InlineData("""{"custom_id":"a" /* why */}""")]
    [InlineData("[1] x")]
    [InlineData("{\"custom_id\":\"\u0001\"}")]
    [InlineData("\uFEFF{}")]
    public void A_line_that_is_no_JSON_is_not_parseable(string line) =>
        AssertProblem(Check(line), "invalid_json_line", "This line is not parseable as valid JSON.", null);

    [Theory]
    [InlineData("[]")]
    [InlineData("""[{"custom_id":"a"}]""")]
    [InlineData("\"text\"")]
    [InlineData("1")]
    [InlineData("null")]
    public void A_line_that_is_no_object_is_refused(string line) =>
        AssertProblem(Check(line), "invalid_json_line", "This line is not a JSON object.", null);

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFE, (byte)'{', 0, (byte)'}', 0 })]
    [InlineData(new byte[] { (byte)'{', (byte)'"', 0xC3, (byte)'"', (byte)':', (byte)'1', (byte)'}' })]
    [InlineData(new byte[] { (byte)'{', (byte)'"', 0xED, 0xA0, 0x80, (byte)'"', (byte)':', (byte)'1', (byte)'}' })]
    public void A_line_that_is_no_UTF8_is_refused(byte[] line) =>
        AssertProblem(new LineChecker(Chat).Check(line), "invalid_encoding", "This line is not valid UTF-8.", null);

    [Theory]
    [InlineData("custom_id")]
    [InlineData("method")]
    [InlineData("url")]
    [InlineData("body")]
    public void A_property_that_is_missing_is_named(string name) =>
        AssertProblem(Check(Without(name)), "missing_required_parameter", $"Missing required parameter: '{name}'.", name);

    [Theory]
    [InlineData("custom_id", "1", "a string", "an integer")]
    [InlineData("custom_id", "1.5", "a string", "a decimal")]
    [InlineData("custom_id", "1e3", "a string", "a decimal")]
    [InlineData("custom_id", "null", "a string", "null")]
    [InlineData("method", "true", "a string", "a boolean")]
    [InlineData("url", "[]", "a string", "an array")]
    [InlineData("url", "{\"a\":{}}", "a string", "an object")]
    [InlineData("body", "\"text\"", "an object", "a string")]
    [InlineData("body", "[[1]]", "an object", "an array")]
    [InlineData("body", "null", "an object", "null")]
    public void A_property_of_another_type_is_named(string name, string value, string expected, string actual) =>
        AssertProblem(
            Check(With(name, value)),
            "invalid_type",
            $"Invalid type for '{name}': expected {expected}, but got {actual} instead.",
            name);

    [Fact]
    public void An_empty_custom_id_is_refused() =>
        AssertProblem(
            Check(With("custom_id", "\"\"")),
            "empty_string",
            "Invalid 'custom_id': empty string. Expected a string with minimum length 1, but got an empty string instead.",
            "custom_id");

    [Theory]
    [InlineData("x")]
    [InlineData("é")]
    [InlineData("😀")]
    [InlineData("\\u00e9")]
    [InlineData("\\ud83d\\ude00")]
    public void A_custom_id_may_have_512_characters_and_no_more(string character)
    {
        var most = string.Concat(Enumerable.Repeat(character, 512));

        Assert.Null(Check(With("custom_id", $"\"{most}\"")));
        AssertProblem(
            Check(With("custom_id", $"\"{most}{character}\"")),
            "string_above_max_length",
            "Invalid 'custom_id': string too long. Expected a string with maximum length 512, but got a string with length 513 instead.",
            "custom_id");
    }

    [Theory]
    [InlineData("\"a\"", "\"a\"", "a")]
    [InlineData("\"a\"", "\"\\u0061\"", "a")]
    [InlineData("\"😀\"", "\"\\ud83d\\ude00\"", "😀")]
    public void A_custom_id_that_stood_before_is_refused(string first, string second, string id)
    {
        var checker = new LineChecker(Chat);

        Assert.Null(Check(With("custom_id", first), checker));
        AssertProblem(
            Check(With("custom_id", second), checker),
            "duplicate_custom_id",
            $"The custom_id '{id}' for this request is a duplicate of another request. The custom_id parameter must be unique for each request in a batch.",
            "custom_id");
    }

    [Fact]
    public void A_custom_id_counts_even_where_the_rest_of_its_line_is_wrong()
    {
        var checker = new LineChecker(Chat);

        Assert.Equal("invalid_method", Check(With("method", "\"GET\""), checker)!.Code);
        Assert.Equal("duplicate_custom_id", Check(With("method", "\"POST\""), checker)!.Code);
    }

    [Fact]
    public void Every_one_of_many_ids_is_told_from_every_other()
    {
        var checker = new LineChecker(Chat);
        Assert.All(Enumerable.Range(0, 5_000), id => Assert.Null(Check(With("custom_id", $"\"{id}\""), checker)));
        Assert.All(Enumerable.Range(0, 5_000), id => Assert.Equal("duplicate_custom_id", Check(With("custom_id", $"\"{id}\""), checker)!.Code));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("post")]
    [InlineData("")]
    public void A_method_other_than_POST_is_refused(string method) =>
        AssertProblem(
            Check(With("method", $"\"{method}\"")),
            "invalid_method",
            "The method provided for this request is not supported. Expected 'POST'.",
            "method");

    [Theory]
    [InlineData("/v1/embeddings")]
    [InlineData("/v1/chat/completions/")]
    [InlineData("https://api.openai.com/v1/chat/completions")]
    public void A_url_other_than_the_endpoint_is_refused(string url) =>
        AssertProblem(
            Check(With("url", $"\"{url}\"")),
            "invalid_url",
            "The URL provided for this request does not match the batch endpoint. Expected '/v1/chat/completions'.",
            "url");

    [Fact]
    public void Streaming_is_refused() =>
        AssertProblem(
            Check(With("body", """{"model":"m","stream":true}""")),
            "streaming_unsupported",
            "Streaming is not supported in the Batch API.",
            "body.stream");

    [Theory]
    [InlineData("1", "an integer")]
    [InlineData("\"true\"", "a string")]
    [InlineData("[]", "an array")]
    public void What_a_lenient_server_could_take_for_streaming_is_refused(string stream, string actual) =>
        AssertProblem(
            Check(With("body", $$"""{"model":"m","stream":{{stream}}}""")),
            "invalid_type",
            $"Invalid type for 'body.stream': expected a boolean, but got {actual} instead.",
            "body.stream");

    [Theory]
    [InlineData("{}", "You must provide a model parameter.")]
    [InlineData("""{"model":null}""", "You must provide a model parameter.")]
    [InlineData("""{"model":""}""", "Invalid 'body.model': empty string. Expected a string with minimum length 1, but got an empty string instead.")]
    [InlineData("""{"model":{}}""", "Invalid type for 'body.model': expected a string, but got an object instead.")]
    public void A_body_without_a_model_is_refused(string body, string message) =>
        AssertProblem(Check(With("body", body)), "invalid_request", message, "body.model");

    [Theory]
    [InlineData("/v1/moderations", "{}")]
    [InlineData("/v1/moderations", """{"model":null}""")]
    [InlineData("/v1/of-the-operator", "{}")]
    public void A_model_may_be_missing_where_the_endpoint_needs_none(string endpoint, string body) =>
        Assert.Null(Check($$"""{"custom_id":"a","method":"POST","url":"{{endpoint}}","body":{{body}}}""", new LineChecker(endpoint)));

    [Theory]
    [InlineData("/v1/chat/completions")]
    [InlineData("/v1/completions")]
    [InlineData("/v1/embeddings")]
    [InlineData("/v1/responses")]
    [InlineData("/v1/images/generations")]
    [InlineData("/v1/images/edits")]
    [InlineData("/v1/videos")]
    public void A_model_may_not_be_missing_where_the_endpoint_needs_one(string endpoint) =>
        Assert.Equal(
            LineProblem.MissingModel,
            Check($$"""{"custom_id":"a","method":"POST","url":"{{endpoint}}","body":{ } }""", new LineChecker(endpoint)));

    [Fact]
    public void A_models_name_may_not_be_endless() =>
        Assert.Equal("invalid_request", Check(With("body", $$"""{"model":"{{new string('m', 513)}}" }"""))!.Code);

    [Theory]
    [InlineData("""{"custom_id":"a","custom_id":"b"}""", "custom_id")]
    [InlineData("""{"custom_id":"a","custom_\u0069d":"b"}""", "custom_id")]
    [InlineData("""{"x":1,"y":2,"\u0078":3}""", "x")]
    [InlineData("""{"":1,"":2}""", "")]
    [InlineData("""{"body":{},"body":{}}""", "body")]
    [InlineData("""{"body":{"stream":false,"str\u0065am":true}}""", "body.stream")]
    [InlineData("""{"body":{"temperature":1,"temperature":1}}""", "body.temperature")]
    public void A_name_that_stands_twice_is_refused(string line, string param) =>
        AssertProblem(Check(line), "invalid_request", $"Duplicate parameter: '{param}'.", param);

    /// <summary>An object's first names are kept in another way than its later ones, and escaped ones in another than plain ones.</summary>
    [Fact]
    public void A_name_that_stands_twice_is_found_wherever_it_stands_and_however_it_is_spelled()
    {
        string[] names = [.. Enumerable.Range(0, 20).Select(number => $"n{number}")];
        string Property(int name, bool escaped) => $"\"{(escaped ? @"\u006e" + name : names[name])}\":1";
        foreach (var escaped in new[] { false, true })
        {
            var properties = string.Join(',', names.Select((_, name) => Property(name, escaped)));
            Assert.Equal("custom_id", Check("{" + properties + "}")!.Param);
            for (var name = 0; name < names.Length; name++)
            {
                Assert.Equal(names[name], Check("{" + properties + "," + Property(name, escaped) + "}")!.Param);
                Assert.Equal(names[name], Check("{" + properties + "," + Property(name, !escaped) + "}")!.Param);
                Assert.Equal(names[name], Check("{" + Property(name, !escaped) + "," + properties + "}")!.Param);
            }
        }
    }

    [Fact]
    public void A_name_of_any_length_is_cut_in_the_message()
    {
        var name = new string('n', 39) + "😀" + new string('n', 100_000);
        Assert.Equal(new string('n', 39) + "…", Check($$"""{"{{name}}":1,"{{name}}":2}""")!.Param);
    }

    [Fact]
    public void Names_of_one_line_or_one_body_do_not_count_for_the_next()
    {
        var checker = new LineChecker(Chat);
        var many = string.Join(',', Enumerable.Range(0, 1_000).Select(i => $"\"p{i}\":{i}"));

        Assert.Null(Check(With("body", $$"""{"model":"m",{{many}}}""", "1"), checker));
        Assert.Null(Check(With("body", $$"""{"model":"m",{{many}}}""", "2"), checker));
        Assert.Null(Check(With("body", """{"model":"m","custom_id":"x"}""", "3"), checker));
    }

    [Theory]
    [InlineData("""{"custom_id":"\ud800"}""")]
    [InlineData("""{"custom_id":"\uDC00"}""")]
    [InlineData("""{"x":"\ud800\ud800\udc00"}""")]
    [InlineData("""{"x":"\ud83dx\ude00"}""")]
    [InlineData("""{"x":"\ud83d\n\ude00"}""")]
    [InlineData("""{"x":"\ud83d\\ude00"}""")]
    [InlineData("""{"x":"\ud83d\ude00\ude00"}""")]
    [InlineData("""{"\udfff":1}""")]
    [InlineData("""{"body":{"messages":[{"content":["a\\\"\uDBFF"]}]}}""")]
    [InlineData("""{"body":{"messages":[{"\ud800":1}]}}""")]
    public void Half_a_surrogate_pair_is_refused_wherever_it_stands(string line) =>
        Assert.Equal(LineProblem.LoneSurrogate, Check(line));

    [Theory]
    [InlineData("\\ud83d\\ude00")]
    [InlineData("\\\\ud800")]
    [InlineData("\\\\\\uD83D\\uDE00\\\\udc00")]
    [InlineData("\\ud7ff\\ue000\\u00d8\\u0dd8")]
    public void Whole_pairs_and_escaped_backslashes_are_no_lone_surrogates(string text) =>
        Assert.Null(Check(With("body", $$"""{"model":"m","input":"{{text}}"}""")));

    [Theory]
    [InlineData('[', ']')]
    [InlineData('{', '}')]
    public void Nesting_is_right_up_to_the_limit_and_wrong_beyond(char open, char close)
    {
        // The line and its body are two of the levels.
        Assert.Null(Check(Nested(LineJson.MaxDepth - 2)));
        Assert.Equal(LineProblem.TooDeep, Check(Nested(LineJson.MaxDepth - 1)));
        Assert.Equal(LineProblem.TooDeep, Check(Nested(100_000)));

        string Nested(int levels)
        {
            var opened = string.Concat(Enumerable.Repeat(open == '[' ? "[" : "{\"a\":", levels - 1));
            return With("body", $$"""{"model":"m","deep":{{opened}}{{open}}{{new string(close, levels)}}}""");
        }
    }

    [Fact]
    public void The_model_is_what_all_lines_share()
    {
        var checker = new LineChecker(Chat);
        Assert.Null(checker.Model);

        Check(With("body", """{"model":"gpt-é"}""", "1"), checker);
        Check(With("body", """{"model":"gpt-\u00e9"}""", "2"), checker);
        Check(With("body", """{"model":7}""", "3"), checker);
        Assert.Equal("gpt-é", checker.Model);

        Check(With("body", """{"model":"other"}""", "4"), checker);
        Check(With("body", """{"model":"gpt-é"}""", "5"), checker);
        Assert.Null(checker.Model);
    }

    [Fact]
    public void Lines_with_and_without_a_model_share_none()
    {
        var checker = new LineChecker("/v1/moderations");
        Check("""{"custom_id":"a","method":"POST","url":"/v1/moderations","body":{"model":"m"}}""", checker);
        Check("""{"custom_id":"b","method":"POST","url":"/v1/moderations","body":{}}""", checker);
        Assert.Null(checker.Model);
    }

    [Fact]
    public void What_is_wrong_with_a_whole_file_has_its_words_here()
    {
        AssertProblem(LineProblem.TooLong(10), "line_too_long", "This line is too long. The maximum length of a line is 10 bytes.", null);
        AssertProblem(LineProblem.EmptyFile, "empty_file", "The input file is empty. Please ensure that your batch contains at least one request.", null);
        AssertProblem(LineProblem.TooManyRequests(50000), "too_many_requests", "The input file has too many requests. The maximum number of requests in a batch is 50000.", null);
        AssertProblem(LineProblem.FileTooLarge(209715200), "file_too_large", "The input file is too large. The maximum size of a batch's input file is 209715200 bytes.", null);
    }

    [Theory]
    [InlineData("""{"model":"llama"}""", null)]
    [InlineData("""{"model":"ll\u0061ma"}""", null)]
    [InlineData("""{"model":"gpt"}""", "The model 'gpt' does not exist here. What can be batched: 'llama', 'a', 'b', and 1 more.")]
    [InlineData("""{}""", "This line names no model, and none is assumed here. What can be batched: 'llama', 'a', 'b', and 1 more.")]
    public void A_model_that_the_rule_refuses_is_told_with_some_that_there_are(string body, string? message)
    {
        var checker = new LineChecker("/v1/moderations", static model =>
            model.SequenceEqual("llama"u8) ? null : LineProblem.ModelNotFound(Encoding.UTF8.GetString(model), ["llama", "a", "b", "c"]));
        var problem = checker.Check(Encoding.UTF8.GetBytes($$"""{"custom_id":"a","method":"POST","url":"/v1/moderations","body":{{body}}}"""));

        Assert.Equal(message, problem?.Message);
        Assert.Equal(message is null ? " " : "model_not_found body.model", $"{problem?.Code} {problem?.Param}");
    }

    private static string Without(string name) => JsonSerializer.Serialize(
        new Dictionary<string, object>
        {
            ["custom_id"] = "a",
            ["method"] = "POST",
            ["url"] = Chat,
            ["body"] = JsonSerializer.Deserialize<JsonElement>(Body),
        }.Where(property => property.Key != name).ToDictionary());

    private static string With(string name, string value, string customId = "a")
    {
        (string Name, string Value)[] properties =
            [("custom_id", $"\"{customId}\""), ("method", "\"POST\""), ("url", $"\"{Chat}\""), ("body", Body)];
        return "{" + string.Join(',', properties.Select(p => $"\"{p.Name}\":{(p.Name == name ? value : p.Value)}")) + "}";
    }

    private static LineProblem? Check(string line, LineChecker? checker = null) =>
        (checker ?? new LineChecker(Chat)).Check(Encoding.UTF8.GetBytes(line));

    private static void AssertProblem(LineProblem? problem, string code, string message, string? param) =>
        Assert.Equal(new LineProblem(code, message, param), problem);
}
