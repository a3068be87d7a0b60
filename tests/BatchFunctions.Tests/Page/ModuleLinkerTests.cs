using BatchFunctions.Page;

namespace BatchFunctions.Tests.Page;

public sealed class ModuleLinkerTests
{
    [Fact]
    public void A_module_stands_once_and_behind_all_that_it_imports_from()
    {
        var script = Link(
            ("main.js", "import { add, One } from \"./two-words.js\";\nimport * as low from \"./low.js\";\n\nadd(One, low.zero);\n"),
            ("two-words.js", "import { zero } from \"./low.js\";\n\nexport const One = zero + 1;\nexport function add(a, b) {\n  return a + b;\n}\n"),
            ("low.js", "// The least.\nexport const zero = 0;\nexport async function wait() {}\nexport class Low {}\n"));

        Assert.Equal(
            """
            // low.js
            const $low = (() => {
            // The least.
            const zero = 0;
            async function wait() {}
            class Low {}
            return { zero, wait, Low };
            })();

            // two-words.js
            const $two_words = (() => {
            const { zero } = $low;

            const One = zero + 1;
            function add(a, b) {
              return a + b;
            }
            return { One, add };
            })();

            // main.js
            const $main = (() => {
            const { add, One } = $two_words;
            const low = $low;

            add(One, low.zero);
            return {  };
            })();


            """,
            script);
    }

    [Theory]
    [InlineData("export let count = 0;")]
    [InlineData("export default class {}")]
    [InlineData("export { low };")]
    [InlineData("export * from \"./low.js\";")]
    [InlineData("import low from \"./low.js\";")]
    [InlineData("import { low as high } from \"./low.js\";")]
    [InlineData("import \"./low.js\";")]
    [InlineData("import {")]
    [InlineData("import { low } from \"https://example.com/low.js\";")]
    [InlineData("const low = await import(\"./low.js\");")]
    [InlineData("const here = import.meta.url;")]
    public void Another_form_is_refused(string line)
    {
        var e = Assert.Throws<InvalidOperationException>(() => Link(("main.js", line), ("low.js", "export const low = 0;")));

        Assert.Contains(line, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cycle_is_refused()
    {
        var e = Assert.Throws<InvalidOperationException>(() => Link(
            ("main.js", "import { one } from \"./one.js\";"),
            ("one.js", "import { two } from \"./two.js\";\nexport const one = 1;"),
            ("two.js", "import { one } from \"./one.js\";\nexport const two = 2;")));

        Assert.Contains("'one.js'", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("const important = 1;")]
    [InlineData("// Nothing that is imported.")]
    public void What_only_reads_like_one_stays(string line) => Assert.Contains($"\n{line}\n", Link(("main.js", line)), StringComparison.Ordinal);

    private static string Link(params (string Name, string Text)[] modules) =>
        ModuleLinker.Link("main.js", name => modules.Single(module => module.Name == name).Text).ReplaceLineEndings("\n");
}
