using System.CommandLine;
using BatchFunctions.Cli.Api;
using BatchFunctions.Cli.Terminal;

namespace BatchFunctions.Cli.Commands;

/// <summary><c>batch webhooks</c>: where events of a project's batches are sent, at a service of this kind.</summary>
internal static class WebhooksCommand
{
    private const int DefaultLimit = 20;
    private const int MostAtOnce = 100;

    private static readonly string[] Types = ["batch.completed", "batch.failed", "batch.expired", "batch.cancelled"];
    private static readonly string[] Statuses = ["pending", "delivered", "failed"];

    public static Command Create(CommandEnvironment environment) => new("webhooks", "Adds, lists, changes, tests and removes endpoints that are told when batches end, at a BatchFunctions service.")
    {
        CreateAdd(environment),
        CreateList(environment),
        CreateSet(environment),
        CreateRemove(environment),
        CreateTest(environment),
        CreateDeliveries(environment),
        CreateResend(environment),
    };

    private static Command CreateAdd(CommandEnvironment environment)
    {
        var url = new Argument<string>("URL") { Description = "Where events are sent: an https URL whose host has a public address." };
        var (events, name) = (Events(), Name());
        return Command(environment, new Command("add", "Adds an endpoint, and prints the secret that its events are signed with: it is not shown again.") { url, events, name }, async (client, parsed, json, ct) =>
        {
            var webhook = await client.AddAsync(new WebhookRequest { Url = parsed.GetValue(url), Events = EventsIn(parsed, events), Name = parsed.GetValue(name) }, ct);
            await SaySecretAsync(parsed, webhook, json, $"Webhook {webhook.Id} is added. What is printed is the secret that its events are signed with; it is not shown again.");
        });
    }

    private static Command CreateList(CommandEnvironment environment) =>
        Command(environment, new Command("list", "Lists the endpoints, and how they do."), async (client, parsed, json, ct) =>
        {
            var webhooks = await client.ListAsync(ct);
            if (json)
            {
                await WriteAsync(parsed, webhooks.Select(webhook => JsonTexts.Line(webhook.Json)));
            }
            else if (webhooks.Count == 0)
            {
                await SayAsync(parsed, $"There are no webhooks at {client.Place} for this key. `batch webhooks add URL` adds one.");
            }
            else
            {
                Screens.Output(parsed).Write(WebhookTexts.TableOf(webhooks, environment.Time.GetUtcNow()));
            }
        });

    private static Command CreateSet(CommandEnvironment environment)
    {
        var id = Id();
        var url = new Option<string?>("--url") { Description = "Where events are sent.", HelpName = "URL" };
        var (events, name) = (Events(), Name());
        var enable = new Option<bool>("--enable") { Description = "Sends events again, to one that was switched off." };
        var disable = new Option<bool>("--disable") { Description = "Sends no more events." };
        var rotate = new Option<bool>("--rotate-secret") { Description = "Gives it another secret, and prints it; for a day events are signed with both." };
        var set = new Command("set", "Changes an endpoint: what is not given stays.") { id, url, events, name, enable, disable, rotate };
        set.Validators.Add(given =>
        {
            if (given.GetValue(enable) && given.GetValue(disable))
            {
                given.AddError("Give --enable or --disable, and not both.");
            }
        });
        return Command(environment, set, async (client, parsed, json, ct) =>
        {
            var webhook = await client.UpdateAsync(
                parsed.GetValue(id)!,
                new WebhookRequest
                {
                    Url = parsed.GetValue(url),
                    Events = EventsIn(parsed, events),
                    Name = parsed.GetValue(name),
                    Status = parsed.GetValue(enable) ? "enabled" : parsed.GetValue(disable) ? "disabled" : null,
                },
                ct);
            if (parsed.GetValue(rotate))
            {
                webhook = await client.RotateSecretAsync(webhook.Id, ct);
                await SaySecretAsync(parsed, webhook, json, $"Webhook {webhook.Id} has another secret, which is printed and not shown again. For a day events are signed with both.");
                return;
            }

            await SayAsync(parsed, $"Webhook {webhook.Id} is {webhook.Status}.");
            if (json)
            {
                await WriteAsync(parsed, [JsonTexts.Lines(webhook.Json)]);
            }
        });
    }

    private static Command CreateRemove(CommandEnvironment environment)
    {
        var id = Id();
        return Command(environment, new Command("remove", "Removes an endpoint; what was not yet sent to it is given up.") { id }, async (client, parsed, _, ct) =>
        {
            await client.RemoveAsync(parsed.GetValue(id)!, ct);
            await SayAsync(parsed, $"Webhook {parsed.GetValue(id)} is removed.");
        });
    }

    private static Command CreateTest(CommandEnvironment environment)
    {
        var id = Id();
        var type = new Option<string?>("--event") { Description = "The type of the event.", HelpName = "TYPE" };
        type.AcceptOnlyFromAmong(Types);
        return Command(environment, new Command("test", "Sends an endpoint an event about no batch, once and now, and tells what came of it.") { id, type }, async (client, parsed, json, ct) =>
        {
            var delivery = await client.TestAsync(parsed.GetValue(id)!, parsed.GetValue(type), ct);
            if (json)
            {
                await WriteAsync(parsed, [JsonTexts.Lines(delivery.Json)]);
            }

            if (delivery.Status != "delivered")
            {
                throw new FailureException($"The endpoint did not take the event: {WebhookTexts.LastOf(delivery)}.", ExitCodes.Refused);
            }

            await SayAsync(parsed, $"The endpoint took the event ({delivery.LastStatus}).");
        });
    }

    private static Command CreateDeliveries(CommandEnvironment environment)
    {
        var id = new Argument<string?>("ID") { Description = "The webhook's id; all of them where it is left out.", Arity = ArgumentArity.ZeroOrOne };
        var batch = new Option<string?>("--batch") { Description = "Those about this batch alone.", HelpName = "ID" };
        var status = new Option<string?>("--status") { Description = "Those with this status alone.", HelpName = "STATUS" };
        status.AcceptOnlyFromAmong(Statuses);
        var limit = new Option<int>("--limit", "-n") { Description = $"How many, at most {MostAtOnce}.", DefaultValueFactory = _ => DefaultLimit, HelpName = "N" };
        limit.Validators.Add(given =>
        {
            if (given.Errors.Any() is false && given.GetValueOrDefault<int>() is < 1 or > MostAtOnce)
            {
                given.AddError($"--limit must be from 1 to {MostAtOnce}.");
            }
        });
        return Command(environment, new Command("deliveries", "Lists what was sent to endpoints in the last two weeks, and what will be, newest first.") { id, batch, status, limit }, async (client, parsed, json, ct) =>
        {
            var deliveries = await client.ListDeliveriesAsync(
                parsed.GetValue(limit), [("webhook_id", parsed.GetValue(id)), ("batch_id", parsed.GetValue(batch)), ("status", parsed.GetValue(status))], ct);
            if (json)
            {
                await WriteAsync(parsed, deliveries.Select(delivery => JsonTexts.Line(delivery.Json)));
            }
            else if (deliveries.Count == 0)
            {
                await SayAsync(parsed, "There are no such deliveries.");
            }
            else
            {
                Screens.Output(parsed).Write(WebhookTexts.TableOf(deliveries, environment.Time.GetUtcNow()));
            }
        });
    }

    private static Command CreateResend(CommandEnvironment environment)
    {
        var id = new Argument<string>("DELIVERY") { Description = "The delivery's id, as the list of deliveries shows it." };
        return Command(environment, new Command("resend", "Sends an event again, whatever came of it before.") { id }, async (client, parsed, json, ct) =>
        {
            var delivery = await client.ResendAsync(parsed.GetValue(id)!, ct);
            await SayAsync(parsed, $"Delivery {delivery.Id} is {delivery.Status}. `batch webhooks deliveries` shows what comes of it.");
            if (json)
            {
                await WriteAsync(parsed, [JsonTexts.Lines(delivery.Json)]);
            }
        });
    }

    private static Command Command(CommandEnvironment environment, Command command, Func<WebhookClient, ParseResult, bool, CancellationToken, Task> act)
    {
        var service = new ServiceOptions(environment);
        var json = new Option<bool>("--json") { Description = "Prints what the service returns." };
        command.Add(json);
        service.AddTo(command);
        command.Runs(async (parsed, ct) =>
        {
            using var client = service.OpenWebhooks(parsed);
            await act(client, parsed, parsed.GetValue(json), ct);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Argument<string> Id() => new("ID") { Description = "The webhook's id, as the list shows it." };

    private static Option<string[]> Events()
    {
        var events = new Option<string[]>("--event")
        {
            Description = "A type of events that is sent; may be given more than once. [default: all]",
            HelpName = "TYPE",
            DefaultValueFactory = _ => [],
        };
        events.AcceptOnlyFromAmong(Types);
        return events;
    }

    private static Option<string?> Name() => new("--name") { Description = "Words of your own.", HelpName = "TEXT" };

    private static string[]? EventsIn(ParseResult parsed, Option<string[]> events) => parsed.GetValue(events) is { Length: > 0 } given ? given : null;

    /// <summary>The secret alone goes to standard output, so that a script can keep it.</summary>
    private static async Task SaySecretAsync(ParseResult parsed, Webhook webhook, bool json, string said)
    {
        await SayAsync(parsed, said);
        await WriteAsync(parsed, [json ? JsonTexts.Lines(webhook.Json) : webhook.Secret ?? ""]);
    }

    private static Task SayAsync(ParseResult parsed, string text) => parsed.InvocationConfiguration.Error.WriteLineAsync(text);

    private static async Task WriteAsync(ParseResult parsed, IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            await parsed.InvocationConfiguration.Output.WriteLineAsync(line);
        }
    }
}
