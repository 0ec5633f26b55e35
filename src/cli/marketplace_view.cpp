#include "cli/marketplace_view.hpp"

#include <algorithm>

#include "cli/markdown_text.hpp"

namespace hub::cli {
namespace {

using boost::json::object;

constexpr int text_columns_max = 100;
constexpr int versions_shown = 10;

bool flag(const object& from, const char* key) {
  const auto* found = from.if_contains(key);
  return found && found->is_bool() && found->get_bool();
}

const object& member(const object& from, const char* key) {
  static const object none;
  const auto* found = from.if_contains(key);
  return found && found->is_object() ? found->get_object() : none;
}

std::vector<object> objects(const object& from, const char* key) {
  std::vector<object> all;
  const auto* found = from.if_contains(key);
  if (!found || !found->is_array()) return all;
  for (const auto& one : found->get_array()) {
    if (one.is_object()) all.push_back(one.get_object());
  }
  return all;
}

std::string texts(const object& from, const char* key) {
  std::string all;
  const auto* found = from.if_contains(key);
  if (!found || !found->is_array()) return all;
  for (const auto& one : found->get_array()) {
    if (!one.is_string()) continue;
    all += (all.empty() ? "" : ", ") + printable(std::string(one.get_string()));
  }
  return all;
}

std::string age_of(std::int64_t seconds) { return age_text(std::chrono::seconds(seconds)); }

struct State {
  std::string word;
  Paint paint = Paint::none;
};

State state_of(const object& row) {
  if (const auto status = printable_in(row, "operation_status"); !status.empty()) {
    return {status, Paint::busy};
  }
  if (flag(row, "update_available")) return {"update", Paint::warning};
  if (flag(row, "installed")) return {"installed", Paint::good};
  if (printable_in(row, "disabled_reason") == "requires_missing") return {"blocked", Paint::bad};
  return {"available", Paint::none};
}

std::string version_of(const object& row) {
  const auto installed = printable_in(row, "installed_version");
  const auto version = printable_in(row, "version");
  return installed.empty() || installed == version ? version : installed + " > " + version;
}

void add_catalog_notice(const object& answer, const View& view, Lines& lines) {
  const object& catalog = member(answer, "catalog");
  const auto state = printable_in(catalog, "state");
  if (state == "stale" || state == "offline") {
    lines.push_back(Line("the registry does not answer: this is the catalogue of " +
                             age_of(number_in(catalog, "age_s")) + " ago",
                         Paint::warning)
                        .cut_to(view.columns));
  }
  if (const auto unread = number_in(catalog, "quarantined"); unread > 0) {
    lines.push_back(
        Line(std::to_string(unread) + " entries of the catalogue cannot be used", Paint::dim)
            .cut_to(view.columns));
  }
}

void add_why_empty(const object& answer, Lines& lines) {
  const auto reason = printable_in(answer, "empty_reason");
  const auto say = [&](const char* what, const char* hint) {
    lines.emplace_back(what);
    if (*hint != '\0') lines.emplace_back(std::string("  what to do: ") + hint, Paint::dim);
  };
  if (reason == "all_installed")
    return say("all that matches is installed", "--installed shows it");
  if (reason == "no_match") return say("nothing matches", "try fewer or other words");
  if (reason == "hidden") return say("what matches is not listed", "give its exact name");
  if (reason == "empty") {
    return say("the registry has published nothing yet", "publish with: adaos-hub skill push DIR");
  }
  if (reason == "unavailable") {
    lines.emplace_back("there is no catalogue: the registry has not answered yet");
    const auto error = printable_in(member(answer, "catalog"), "error");
    if (!error.empty()) lines.emplace_back("  " + error, Paint::dim);
    lines.emplace_back("  what to do: adaos-hub registry refresh", Paint::dim);
    return;
  }
  lines.emplace_back("nothing to show");
}

void add_paragraph(const std::string& words, int columns, Lines& lines) {
  for (const auto& line : wrapped(words, columns)) lines.emplace_back(line);
}

class Details {
 public:
  Details(const View& view, Lines& lines) : view_(view), lines_(lines) {}

  void fact(const char* label, const std::string& value) {
    if (value.empty()) return;
    Line line(label, Paint::dim);
    line.to_column(12).add(value);
    lines_.push_back(line.cut_to(view_.columns));
  }
  void heading(const std::string& words) {
    lines_.emplace_back("");
    lines_.emplace_back(words, Paint::strong);
  }
  void item(const std::string& words, const std::string& remark = {}) {
    Line line("  " + words);
    if (!remark.empty()) line.add("  " + remark, Paint::dim);
    lines_.push_back(line.cut_to(view_.columns));
  }

 private:
  const View& view_;
  Lines& lines_;
};

void add_requirements(const object& requirements, Details& details) {
  const auto skills = objects(requirements, "skills");
  const auto optional = objects(requirements, "optional");
  const auto packages = texts(requirements, "packages");
  if (skills.empty() && optional.empty() && packages.empty()) return;
  details.heading("Needs");
  const auto add = [&](const object& skill, const char* otherwise) {
    const char* remark = flag(skill, "installed")      ? "installed"
                         : flag(skill, "will_install") ? "will be installed with it"
                         : flag(skill, "available")    ? otherwise
                                                       : "not in the registry";
    details.item("skill " + printable_in(skill, "name") + " " + printable_in(skill, "version"),
                 remark);
  };
  for (const auto& skill : skills) add(skill, "");
  for (const auto& skill : optional) add(skill, "optional");
  if (!packages.empty()) details.item("packages: " + packages);
}

}  // namespace

Lines marketplace_table(const object& answer, const View& view) {
  Lines lines;
  add_catalog_notice(answer, view, lines);
  for (const auto& one : objects(member(answer, "search"), "corrections")) {
    lines.push_back(Line("nothing has \"" + printable_in(one, "word") + "\": looked for " +
                             texts(one, "instead") + " instead",
                         Paint::dim)
                        .cut_to(view.columns));
  }
  const auto rows = objects(answer, "rows");
  if (rows.empty()) {
    add_why_empty(answer, lines);
    return lines;
  }
  int name = width_of("NAME"), version = width_of("VERSION"), state = width_of("STATE");
  for (const auto& row : rows) {
    name = std::max(name, width_of(printable_in(row, "name")));
    version = std::max(version, width_of(version_of(row)));
    state = std::max(state, width_of(state_of(row).word));
  }
  name = std::min(name, std::max(12, view.columns / 3));
  version = std::min(version, std::max(10, view.columns / 5));
  const int at_kind = name + 2, at_version = at_kind + width_of("scenario") + 2;
  const int at_state = at_version + version + 2, at_title = at_state + state + 2;
  Line head;
  head.add("NAME", Paint::dim).to_column(at_kind).add("KIND", Paint::dim);
  head.to_column(at_version).add("VERSION", Paint::dim).to_column(at_state);
  head.add("STATE", Paint::dim).to_column(at_title).add("WHAT", Paint::dim);
  lines.push_back(head.cut_to(view.columns));
  for (const auto& row : rows) {
    const auto is = state_of(row);
    Line line(cut(printable_in(row, "name"), name));
    line.to_column(at_kind).add(printable_in(row, "kind")).to_column(at_version);
    line.add(cut(version_of(row), version)).to_column(at_state).add(is.word, is.paint);
    line.to_column(at_title).add(printable_in(row, "title"));
    const auto description = printable_in(row, "description");
    if (!description.empty()) line.add(": " + description, Paint::dim);
    lines.push_back(line.cut_to(view.columns));
  }
  const object& counts = member(answer, "counts");
  std::string rest;
  const auto more = number_in(answer, "total") - static_cast<std::int64_t>(rows.size());
  if (more > 0) rest = std::to_string(more) + " more: --limit N shows them";
  if (const auto hidden = number_in(counts, "hidden_installed"); hidden > 0) {
    rest +=
        (rest.empty() ? "" : "; ") + std::to_string(hidden) + " installed: --installed shows them";
  }
  if (!rest.empty()) lines.push_back(Line(rest, Paint::dim).cut_to(view.columns));
  return lines;
}

Lines marketplace_details(const object& answer, const View& view) {
  Lines lines;
  const object& row = member(answer, "row");
  const int columns = std::min(view.columns, text_columns_max);
  const auto is = state_of(row);
  add_catalog_notice(answer, view, lines);
  Line title(printable_in(row, "title"), Paint::strong);
  title.add("  " + printable_in(row, "kind") + " " + printable_in(row, "name"), Paint::dim);
  lines.push_back(title.cut_to(view.columns));
  if (const auto description = printable_in(row, "description"); !description.empty()) {
    add_paragraph(description, columns, lines);
  }
  lines.emplace_back("");
  Details details(view, lines);
  details.fact("state", is.word);
  details.fact("version", version_of(row));
  details.fact("published", printable_in(row, "updated_at"));
  details.fact("publisher", printable_in(row, "publisher"));
  details.fact("tags", texts(row, "tags"));
  if (const auto size = number_in(row, "size"); size > 0) details.fact("size", size_text(size));
  details.fact("content",
               flag(row, "verified") ? "checked at install" : "published without digest");
  add_requirements(member(answer, "requirements"), details);
  if (const auto dependents = objects(answer, "dependents"); !dependents.empty()) {
    details.heading("Needed by");
    for (const auto& one : dependents) {
      details.item(printable_in(one, "kind") + " " + printable_in(one, "name"),
                   flag(one, "installed") ? "installed" : "");
    }
  }
  if (const auto versions = objects(answer, "versions"); !versions.empty()) {
    details.heading("Versions");
    int left = versions_shown;
    for (const auto& one : versions) {
      if (left-- == 0) {
        details.item("and " + std::to_string(versions.size() - versions_shown) + " older");
        break;
      }
      details.item(
          printable_in(one, "version") + "  " + printable_in(one, "published_at").substr(0, 10),
          flag(one, "installed") ? "installed" : printable_in(one, "subject"));
    }
  }
  for (const auto& part : objects(answer, "changelog")) {
    if (!flag(part, "newer") && flag(row, "installed")) continue;
    details.heading("What " + printable_in(part, "version") + " changed");
    for (auto& line : markdown_lines(part, columns)) lines.push_back(std::move(line));
    if (!flag(row, "installed")) break;  // the newest is enough for who has none
  }
  if (const auto* readme = answer.if_contains("readme"); readme && readme->is_object()) {
    details.heading(printable_in(readme->get_object(), "file"));
    for (auto& line : markdown_lines(readme->get_object(), columns))
      lines.push_back(std::move(line));
  }
  lines.emplace_back("");
  if (is.word == "available" || is.word == "update") {
    lines.emplace_back("install it with: adaos-hub " + printable_in(row, "kind") + " install " +
                           printable_in(row, "name"),
                       Paint::dim);
  }
  return lines;
}

}  // namespace hub::cli
