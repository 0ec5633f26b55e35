// The commands that ask a running hub, as CLI11 knows them.

#include "cli/command_parts.hpp"

namespace hub::cli {
namespace {

constexpr int list_limit_max = 1000;
constexpr const char* id_help =
    "which one: its whole id, the first characters that lists show, or last";

template <class Enum>
std::vector<std::string> names_of() {
  std::vector<std::string> names;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>(
      [&](auto enumerator) { names.emplace_back(enumerator.name); });
  return names;
}

template <class Enum>
Enum enum_of(const std::string& name) {
  Enum value{};
  boost::describe::enum_from_string(name.c_str(), value);
  return value;
}

void add_watch_options(CLI::App& command, WatchOptions& watch, const std::string& no_wait) {
  if (!no_wait.empty()) {
    command.add_flag_callback("--no-wait", [&watch] { watch.wait = Wait::no; }, no_wait);
  }
  command
      .add_option("--reconnect", watch.reconnect_s,
                  "seconds to wait for a hub that goes away meanwhile")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
}

// "skill:weather_skill" into two; the kind alone names a thing that there is one of.
void add_target(CLI::App& command, std::string& kind, std::string& id, const std::string& help) {
  command
      .add_option_function<std::string>(
          "--target",
          [&kind, &id](const std::string& text) {
            const auto colon = text.find(':');
            kind = text.substr(0, colon);
            id = colon == std::string::npos ? kind : text.substr(colon + 1);
          },
          help)
      ->type_name("KIND:NAME");
}

// "name=text", "name:=json".
void read_params(const std::vector<std::string>& texts, boost::json::object& params) {
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || text.starts_with(":=")) {
      throw CLI::ValidationError("--param", "want NAME=TEXT or NAME:=JSON, not " + text);
    }
    const bool is_json = text[equals - 1] == ':';
    const auto name = text.substr(0, equals - (is_json ? 1 : 0));
    const auto value = text.substr(equals + 1);
    if (!is_json) {
      params[name] = value;
      continue;
    }
    boost::json::error_code ec;
    auto parsed = boost::json::parse(value, ec);
    if (ec) throw CLI::ValidationError("--param", "what follows := is no JSON in " + text);
    params[name] = std::move(parsed);
  }
}

void add_plan(CLI::App& command, StartOperation& start) {
  command.add_flag_callback(
      "--plan", [&start] { start.mode = StartOperation::Mode::plan; },
      "show what it would do, and start nothing");
}

void add_list(CLI::App& group, Parsing& parsing) {
  auto* command = group.add_subcommand("list", "list operations, newest first");
  auto& list = parsing.draft<ListOperations>();
  add_hub_options(*command, list.hub, parsing);
  command->add_flag_callback(
      "--active", [&list] { list.status = "active"; }, "only those that have not ended");
  command->add_option("--status", list.status, "only those in this status")
      ->check(CLI::IsMember(names_of<OperationStatus>()))
      ->excludes("--active");
  command->add_option("--kind", list.kind, "only those of this kind, for example skill.install");
  add_target(*command, list.target_kind, list.target_id,
             "only those on this target, for example skill:timer_skill");
  command->add_option("--limit", list.limit, "at most so many")
      ->check(CLI::Range(1, list_limit_max))
      ->capture_default_str();
  command->callback([&list, &parsing] { parsing.chosen = list; });
  command->footer(
      "Examples:\n  adaos-hub operations list --active\n"
      "  adaos-hub operations list --status failed --limit 5 --json");
}

void add_show(CLI::App& group, Parsing& parsing) {
  auto* command = group.add_subcommand("show", "show all about one operation");
  auto& show = parsing.draft<ShowOperation>();
  command->add_option("id", show.id, id_help)->required();
  add_hub_options(*command, show.hub, parsing);
  command->callback([&show, &parsing] { parsing.chosen = show; });
  command->footer(
      "Examples:\n  adaos-hub operations show last\n"
      "  adaos-hub operations show 3c2b1a");
}

void add_watch(CLI::App& group, Parsing& parsing) {
  auto* command = group.add_subcommand("watch", "watch an operation, or all, until they end");
  auto& watch = parsing.draft<WatchOperations>();
  command->add_option("id", watch.id, std::string(id_help) + "; left out: all that are active");
  add_hub_options(*command, watch.hub, parsing);
  add_watch_options(*command, watch.watch, "");
  command->callback([&watch, &parsing] { parsing.chosen = watch; });
  command->footer(
      "Live bars in a terminal; in a pipe a line for each change, with --json the state.\n"
      "Ctrl-C asks whether to leave it running or to cancel it; in a pipe it leaves.\n"
      "Exit code: 0 it succeeded, 4 it failed, 5 it was cancelled, 130 left by Ctrl-C.\n"
      "Examples:\n  adaos-hub operations watch last\n  adaos-hub operations watch");
}

SteerOperation& add_steer(CLI::App& group, SteerVerb verb, const std::string& name,
                          const std::string& help, const std::string& footer, Parsing& parsing) {
  auto* command = group.add_subcommand(name, help);
  auto& steer = parsing.draft<SteerOperation>();
  steer.verb = verb;
  command->add_option("id", steer.id, id_help)->required();
  if (verb == SteerVerb::confirm) {
    command->add_option("answer", steer.answer, "what you decide: a word, or JSON")->required();
  }
  add_hub_options(*command, steer.hub, parsing);
  add_watch_options(*command, steer.watch, "only ask for it, do not wait for the end");
  command->callback([&steer, &parsing] { parsing.chosen = steer; });
  command->footer(footer);
  return steer;
}

void add_log(CLI::App& group, Parsing& parsing) {
  auto* command = group.add_subcommand("log", "print what an operation has logged");
  auto& log = parsing.draft<LogOperation>();
  command->add_option("id", log.id, id_help)->required();
  command->add_flag_callback(
      "-f,--follow", [&log] { log.follow = LogOperation::Follow::yes; },
      "go on printing until the operation ends");
  add_hub_options(*command, log.hub, parsing);
  command
      ->add_option("--reconnect", log.reconnect_s,
                   "seconds to wait for a hub that goes away meanwhile")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
  command->callback([&log, &parsing] { parsing.chosen = log; });
  command->footer("Example:\n  adaos-hub operations log last --follow");
}

void add_general_start(CLI::App& group, Parsing& parsing) {
  auto* command = group.add_subcommand("start", "start an operation of any kind");
  auto& start = add_start(*command, "", parsing);
  auto& texts = parsing.lists.emplace_back();
  command
      ->add_option_function<std::string>(
          "kind", [&start](const std::string& kind) { start.request.kind = OperationKind(kind); },
          "what to do: skill.install, registry.refresh, …")
      ->required();
  add_target(*command, start.request.target_kind, start.request.target_id,
             "what to do it to, for example skill:timer_skill");
  command
      ->add_option("--param", texts,
                   "a parameter of this kind; := for JSON values (repeat for more)")
      ->type_name("NAME=TEXT|NAME:=JSON")
      ->allow_extra_args(false);
  command
      ->add_option_function<std::string>(
          "--priority",
          [&start](const std::string& name) { start.request.priority = enum_of<Priority>(name); },
          "who goes first when slots are few; left out: as the kind has it")
      ->check(CLI::IsMember(names_of<Priority>()));
  command
      ->add_option_function<std::string>(
          "--on-conflict",
          [&start](const std::string& name) {
            start.request.on_conflict = enum_of<OnConflict>(name);
          },
          "when another operation holds what this one needs")
      ->check(CLI::IsMember(names_of<OnConflict>()))
      ->default_str("join");
  command
      ->add_option("--deadline", start.deadline_s,
                   "seconds after which it fails when it has not ended; left out: as the kind has "
                   "it")
      ->check(CLI::Range(1, 31'536'000));
  command->callback([&start, &texts, &parsing] {
    read_params(texts, start.request.params);
    parsing.chosen = start;
  });
  command->footer(
      "Examples:\n  adaos-hub operations start skill.install --target skill:timer_skill\n"
      "  adaos-hub operations start skill.install --target skill:timer_skill "
      "--param pin=1.0.0 --plan");
}

}  // namespace

StartOperation& add_start(CLI::App& command, const std::string& kind, Parsing& parsing) {
  auto& start = parsing.draft<StartOperation>();
  start.request.kind = OperationKind(kind);
  add_hub_options(command, start.hub, parsing);
  add_watch_options(command, start.watch, "only have it accepted; print its id");
  add_plan(command, start);
  command.callback([&start, &parsing] { parsing.chosen = start; });
  return start;
}

void add_hub_options(CLI::App& command, HubOptions& into, Parsing& parsing) {
  into.own_version = parsing.version;
  command.add_option("--url", into.url, "address of the hub; left out: as the base directory says")
      ->envname("ADAOS_HUB_URL");
  command.add_option("--token-file", into.token_file,
                     "file with the hub's token; left out: ADAOS_HUB_TOKEN, else "
                     "<base-dir>/state/token");
  add_base_directory(command, into.base_directory, "the hub's folder, by which it is found");
  command.add_flag_callback(
      "--json", [&into] { into.output = Output::json; }, "print JSON, as the hub answers it");
}

void add_operations(CLI::App& app, Parsing& parsing) {
  auto* group = app.add_subcommand("operations", "list, watch and steer what the hub does");
  group->require_subcommand(1);
  add_list(*group, parsing);
  add_show(*group, parsing);
  add_watch(*group, parsing);
  add_steer(*group, SteerVerb::cancel, "cancel", "stop an operation and take back what it did",
            "Exit code: 0 it was cancelled; 1 it was too late.\n"
            "Example:\n  adaos-hub operations cancel last",
            parsing);
  add_steer(*group, SteerVerb::retry, "retry", "start again what failed or was cancelled",
            "Example:\n  adaos-hub operations retry last", parsing);
  add_steer(*group, SteerVerb::undo, "undo",
            "take back an operation that succeeded, or that failed and left something",
            "Example:\n  adaos-hub operations undo last", parsing);
  add_steer(*group, SteerVerb::confirm, "confirm", "answer an operation that waits for an answer",
            "operations show says what it asks.\n"
            "Example:\n  adaos-hub operations confirm last yes",
            parsing);
  add_log(*group, parsing);
  add_general_start(*group, parsing);
}

void add_artifact_verbs(CLI::App& group, ArtifactKind kind, Parsing& parsing) {
  const std::string noun = to_text(kind);
  const std::vector<std::pair<std::string, std::string>> verbs{
      {"install", "install a " + noun + ", and watch it"},
      {"update", "update a " + noun + " to the version that is published now"},
      {"rollback", "go back to the version that was active before"},
      {"pin", "keep a " + noun + " at the version it has"},
      {"unpin", "let a " + noun + " be updated again"},
      {"uninstall", "uninstall a " + noun + ", and watch it"}};
  for (const auto& [verb, help] : verbs) {
    auto* command = group.add_subcommand(verb, help);
    std::string kind_name = noun;
    auto& start = add_start(*command, kind_name.append(".").append(verb), parsing);
    start.request.target_kind = noun;
    command->add_option("name", start.request.target_id, "its name in the marketplace")->required();
    if (verb == "install" || verb == "update") {
      command->add_option_function<std::string>(
          "--pin", [&start](const std::string& pin) { start.request.params["pin"] = pin; },
          "this version, or the one of this commit, and stay at it");
    }
    if ((verb == "install" || verb == "update") && kind == ArtifactKind::skill) {
      command->add_flag_callback(
          "--run-tests", [&start] { start.request.params["run_tests"] = true; },
          "run its own tests first; one that fails keeps it from becoming active");
    }
    if (verb == "install") {
      command->add_flag_callback(
          "--without-optional", [&start] { start.request.params["without_optional"] = true; },
          "leave out the skills that it can do without");
    }
    if (verb == "uninstall" && kind == ArtifactKind::skill) {
      command->add_flag_callback(
          "--purge-data", [&start] { start.request.params["purge_data"] = true; },
          "take its data along, too");
    }
    std::string example = "Example:\n  adaos-hub ";
    example.append(noun).append(" ").append(verb).append(" my_").append(noun);
    command->footer(example);
  }
}

void add_update(CLI::App& app, Parsing& parsing) {
  auto* command = app.add_subcommand("update", "update all installed skills and scenarios");
  auto& start = add_start(*command, "workspace.update", parsing);
  start.request.target_kind = start.request.target_id = "workspace";
  command->footer("Example:\n  adaos-hub update --plan");
}

void add_registry_refresh(CLI::App& group, Parsing& parsing) {
  auto* command = group.add_subcommand("refresh", "have the hub look at its registry now");
  auto& start = add_start(*command, "registry.refresh", parsing);
  start.request.target_kind = start.request.target_id = "registry";
  command->footer("Example:\n  adaos-hub registry refresh");
}

}  // namespace hub::cli
