// Who goes first, and how many at once.

#include "operations/turns.hpp"

#include <array>

#include "operations/test_bench.hpp"

namespace hub::operations {
namespace {

using enum OperationStatus;

TEST_CASE("six turns are three, two and one, and nobody waits longer than six") {
  Turns turns(4, {});
  std::map<Priority, int> count;
  for (int i = 0; i < 60; ++i) ++count[turns.next_class()];
  CHECK(count[Priority::interactive] == 30);
  CHECK(count[Priority::normal] == 20);
  CHECK(count[Priority::background] == 10);
}

TEST_CASE("a kind at its limit is closed, also for those who are only looking") {
  const OperationKind model("model.download"), skill("skill.install");
  Turns turns(4, {{model, 1}, {skill, 0}});
  CHECK(turns.open_kinds().size() == 2);
  turns.look();  // may come back with a model
  CHECK_FALSE(turns.is_open(model));
  CHECK(turns.is_open(skill));
  turns.found(skill);
  CHECK(turns.is_open(model));
  turns.look();
  turns.found(model);
  CHECK_FALSE(turns.is_open(model));
  turns.end(model);
  CHECK(turns.is_open(model));
}

TEST_CASE("a lent slot is taken by others, and whoever wants it back goes before new work") {
  const OperationKind skill("skill.install");
  Turns turns(1, {{skill, 0}});
  turns.begin(skill);
  CHECK_FALSE(turns.has_room());
  turns.lend();
  CHECK(turns.has_room());
  turns.begin(skill);
  turns.want_back();
  CHECK_FALSE(turns.may_return());
  turns.end(skill);
  CHECK(turns.may_return());
  CHECK_FALSE(turns.has_room());
  turns.give_back();
  CHECK_FALSE(turns.has_room());
}

struct Office : Bench {
  Gate gate;
  std::mutex mutex;
  std::vector<std::string> order;
  std::atomic<int> at_once{0}, most_at_once{0};

  explicit Office(std::size_t slots) {
    options.slots = slots;
    script().steps = [this](const Json& intent) {
      const std::string target(intent.at("target").as_string());
      return std::vector{step("one", [this, target](StepContext& run) -> Result<> {
        most_at_once = std::max(most_at_once.load(), ++at_once);
        if (target.starts_with("first")) gate.pass(run);
        {
          const std::lock_guard guard(mutex);
          order.push_back(target);
        }
        --at_once;
        return {};
      })};
    };
  }
  ~Office() { close(); }

  OperationId ask(const std::string& target, Priority priority) {
    auto wanted = request({}, target);
    wanted.priority = priority;
    return accept(wanted);
  }
};

TEST_CASE("urgent work goes first, and the rest gets its share meanwhile") {
  Office office(1);
  office.open();
  const auto first = office.ask("first", Priority::normal);
  office.gate.await_arrival();
  std::vector<OperationId> all;
  for (const auto& [name, priority] :
       {std::pair{"b", Priority::background}, std::pair{"n", Priority::normal},
        std::pair{"i", Priority::interactive}}) {
    for (int i = 0; i < 6; ++i) all.push_back(office.ask(name + std::to_string(i), priority));
  }
  const auto waiting = office.state_of(all.back());
  CHECK(waiting.reason->code == "slot");
  CHECK(waiting.queue_position == 6);
  office.gate.open();
  for (const auto& id : all) office.end_of(id);
  std::string classes;
  for (const auto& name : office.order) classes += name[0];
  const std::string six = classes.substr(1, 6);  // after "first"
  CHECK(std::ranges::count(six, 'i') == 3);
  CHECK(std::ranges::count(six, 'n') == 2);
  CHECK(std::ranges::count(six, 'b') == 1);
  // Within a class the oldest goes first.
  std::vector<std::string> normal;
  for (const auto& name : office.order) {
    if (name[0] == 'n') normal.push_back(name);
  }
  CHECK(std::ranges::is_sorted(normal));
}

TEST_CASE("no more run at once than there are slots, nor than their kind allows") {
  Office office(3);
  SUBCASE("slots") {
    office.open();
    for (int i = 0; i < 3; ++i) office.ask("first" + std::to_string(i), Priority::normal);
    office.gate.await_arrivals(3);
    const auto fourth = office.ask("fourth", Priority::interactive);
    CHECK(office.manager->load().slots_busy == 3);
    CHECK(office.state_of(fourth).status == accepted);
    office.gate.open();
    office.end_of(fourth);
    CHECK(office.most_at_once <= 3);
  }
  SUBCASE("of a kind") {
    office.script().slots = 1;
    office.script("test.other").steps = [](const Json&) {
      return std::vector{step("one", nothing)};
    };
    office.open();
    const auto first = office.ask("first", Priority::normal);
    office.gate.await_arrival();
    std::vector<OperationId> more;
    for (int i = 0; i < 4; ++i)
      more.push_back(office.ask("m" + std::to_string(i), Priority::normal));
    // Another kind does not wait for them.
    CHECK(office.run(Bench::request({}, "x", "test.other")).status == succeeded);
    CHECK(office.most_at_once == 1);
    office.gate.open();
    for (const auto& id : more) office.end_of(id);
    CHECK(office.most_at_once == 1);
  }
}

TEST_CASE("without slots all is accepted and nothing runs") {
  Office office(0);
  office.open();
  const auto id = office.ask("a", Priority::interactive);
  CHECK(office.state_of(id).status == accepted);
  CHECK(office.manager->cancel(id)->status == cancelled);
}

TEST_CASE("a kind has a priority of its own, which a request may change") {
  Office office(0);
  office.script().priority = Priority::background;
  office.open();
  CHECK(office.state_of(office.accept()).priority == Priority::background);
  CHECK(office.state_of(office.ask("x", Priority::interactive)).priority == Priority::interactive);
}

TEST_CASE("many short operations on few slots all end, each once") {
  Office office(4);
  office.open();
  std::vector<OperationId> all;
  for (int i = 0; i < 120; ++i) {
    all.push_back(office.ask("t" + std::to_string(i % 17), static_cast<Priority>(i % 3)));
    if (i % 10 == 3) static_cast<void>(office.manager->cancel(all.back()));
  }
  for (const auto& id : all) office.end_of(id);
  until("free slots", [&] { return office.manager->load().slots_busy == 0; });
  CHECK(office.store->live_count() == 0);
  CHECK(office.store->fenced_writes() == 0);
}

}  // namespace
}  // namespace hub::operations
