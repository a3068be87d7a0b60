// The least that ASP.NET answers with: what the start of the service is compared with.
var app = WebApplication.CreateBuilder(args).Build();
app.MapGet("/", () => "Hello");
app.Run();
