#include "marketplace/markdown.hpp"

#include <ctime>

#include <doctest/doctest.h>

namespace hub::marketplace {
namespace {

std::string nodes_of(std::string_view markdown) {
  return boost::json::serialize(read_markdown(markdown).nodes);
}

TEST_CASE("what people write in a README comes as nodes") {
  CHECK(nodes_of("# Weather *now*") ==
        R"([{"type":"heading","level":1,"children":[{"type":"text","text":"Weather "},)"
        R"({"type":"emphasis","children":[{"type":"text","text":"now"}]}]}])");
  CHECK(nodes_of("a\nb  \nc &amp; &#x41; &unknown;") ==
        R"([{"type":"paragraph","children":[{"type":"text","text":"a b\nc & A &unknown;"}]}])");
  CHECK(nodes_of("- [x] done\n- [ ] open") ==
        R"([{"type":"list","ordered":false,"children":[)"
        R"({"type":"item","checked":true,"children":[{"type":"text","text":"done"}]},)"
        R"({"type":"item","checked":false,"children":[{"type":"text","text":"open"}]}]}])");
  CHECK(nodes_of("```py\nx = 1 < 2\n```") ==
        R"([{"type":"code_block","language":"py","text":"x = 1 < 2\n"}])");
  CHECK(nodes_of("|a|b|\n|---|:---:|\n|1|`2`|") ==
        R"([{"type":"table","children":[{"type":"row","children":[)"
        R"({"type":"cell","header":true,"align":"","children":[{"type":"text","text":"a"}]},)"
        R"({"type":"cell","header":true,"align":"center","children":[{"type":"text","text":"b"}]})"
        R"(]},{"type":"row","children":[)"
        R"({"type":"cell","header":false,"align":"","children":[{"type":"text","text":"1"}]},)"
        R"({"type":"cell","header":false,"align":"center","children":[)"
        R"({"type":"code","text":"2"}]}]}]}])");
  CHECK(nodes_of("---") == R"([{"type":"rule"}])");
  CHECK(nodes_of("[Погода](https://example.org/?a=1&amp;b=2)") ==
        R"([{"type":"paragraph","children":[{"type":"link","href":"https://example.org/?a=1&b=2",)"
        R"("children":[{"type":"text","text":"Погода"}]}]}])");
}

// Every key and value that a node has.
void check_harmless(const boost::json::array& nodes, std::size_t depth) {
  REQUIRE(depth <= markdown_depth_max + 1);
  for (const auto& value : nodes) {
    for (const auto& [key, inner] : value.as_object()) {
      if (key == "href") {
        const std::string_view link = inner.as_string();
        CHECK((link.starts_with("https://") || link.starts_with("http://") ||
               link.starts_with("mailto:")));
      } else if (key == "children") {
        check_harmless(inner.as_array(), depth + 1);
      } else {
        const bool known = key == "type" || key == "text" || key == "alt" || key == "level" ||
                           key == "ordered" || key == "start" || key == "checked" ||
                           key == "language" || key == "header" || key == "align";
        CHECK_MESSAGE(known, key);
      }
    }
  }
}

TEST_CASE("nothing hostile gets through as anything but text") {
  for (const char* hostile : {"<script>alert(1)</script>",
                              "a <img src=x onerror=alert(1)> b",
                              "[x](javascript:alert(1))",
                              "[x](JaVaScRiPt:alert(1))",
                              "[x](javascript&#58;alert(1))",
                              "[x](&#106;avascript:alert(1))",
                              "[x](data:text/html;base64,PHNjcmlwdD4=)",
                              "[x](vbscript:x)",
                              "[x](file:///etc/passwd)",
                              "[x](//evil.example/)",
                              "[x](/api/hub)",
                              "[x](https:\\\\evil.example)",
                              "<javascript:alert(1)>",
                              "<https://ok.example>",
                              "![x](https://evil.example/track.png)",
                              "![x](javascript:alert(1))",
                              "[![x](https://evil.example/a.png)](https://ok.example)",
                              "[x]: javascript:alert(1)\n\n[x]",
                              "[x](  javascript:alert(1))",
                              "[x](java\tscript:alert(1))",
                              "<a href='javascript:1'>x</a>",
                              "<!-- --> <iframe src='https://evil.example'></iframe>",
                              "<svg/onload=alert(1)>",
                              "| a |\n|---|\n| <b onclick=x>y</b> |"}) {
    CAPTURE(hostile);
    const Document document = read_markdown(hostile);
    check_harmless(document.nodes, 1);
    const std::string text = boost::json::serialize(document.nodes);
    CHECK(text.find("\"href\":\"java") == std::string::npos);
    CHECK(text.find("track.png") == std::string::npos);
  }
  CHECK(nodes_of("<b>x</b>") ==
        R"([{"type":"paragraph","children":[{"type":"text","text":"<b>x</b>"}]}])");
  CHECK(nodes_of("![a *cat*](https://evil.example/c.png)") ==
        R"([{"type":"paragraph","children":[{"type":"image","alt":"a cat"}]}])");
  CHECK(plain_text(read_markdown("a\xE2\x80\xAE\x1B[31mb\xFF").nodes) == "a[31mb\xEF\xBF\xBD");
}

TEST_CASE("text that is made to be slow or endless ends soon, and says that it is not whole") {
  const auto many = [](std::string_view part, std::size_t times) {
    std::string text;
    for (std::size_t at = 0; at < times; ++at) text += part;
    return text;
  };
  for (const auto& text : {many("> ", 30'000), many("[", 60'000), many("![l", 30'000),
                           many("*a_ ", 30'000), many("- ", 30'000), many("[a](<b", 20'000),
                           many("`", 100'000), many("|a", 40'000), many("&#1;", 30'000),
                           many("[x]: y\n", 15'000), many("a\n\n", 60'000), many("<", 100'000)}) {
    const auto begun = std::clock();  // of the processor: other work on the machine plays no part
    const Document document = read_markdown(text);
    check_harmless(document.nodes, 1);
    const auto took_s = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
    CAPTURE(text.substr(0, 8));
    CHECK(took_s < 5);
  }
  CHECK(read_markdown(many("a\n\n", 60'000)).truncated);
  CHECK(read_markdown(many("x", markdown_bytes_max + 1)).truncated);
  CHECK_FALSE(read_markdown("x").truncated);
}

TEST_CASE("a changelog comes apart at the versions that its headings name") {
  const auto parts = parts_of_changelog(read_markdown(
      "# Changelog\n\nIntro.\n\n## [1.2.0] - 2026-01-02\n\n- calm\n\n### Fixed\n\nx\n\n"
      "## v1.1.0: first\n\ny\n"));
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].version == "1.2.0");
  CHECK(parts[0].title == "[1.2.0] - 2026-01-02");
  CHECK(parts[0].nodes.size() == 3);
  CHECK(parts[1].version == "1.1.0");
  CHECK(plain_text(parts[1].nodes) == "y");
  CHECK(parts_of_changelog(read_markdown("no headings")).empty());
}

}  // namespace
}  // namespace hub::marketplace
