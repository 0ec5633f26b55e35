#include <random>

#include "store/conformance.hpp"

namespace hub::store {
namespace {

TEST_CASE_TEMPLATE("shared locks go together and an exclusive one waits for them", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  const auto with_lock = [&](const std::string& target, LockMode mode) {
    auto wanted = bench.wanted(target);
    wanted.locks = {{Resource("skill:notes"), mode}};
    return bench.accept(wanted);
  };
  CHECK_FALSE(with_lock("a", LockMode::shared).reason);
  CHECK_FALSE(with_lock("b", LockMode::shared).reason);
  CHECK(with_lock("c", LockMode::exclusive).reason);
  CHECK(with_lock("d", LockMode::shared).reason);  // first in first out: behind the exclusive one
}

TEST_CASE_TEMPLATE("a waiting one names the five nearest before it, oldest first", Engine,
                   HUB_ENGINES) {
  Bench<Engine> bench;
  std::vector<OperationId> ids;
  for (int i = 0; i < 8; ++i) {
    auto wanted = bench.wanted("weather");
    wanted.on_conflict = OnConflict::queue;
    ids.push_back(bench.accept(wanted).operation_id);
  }
  CHECK(bench.now(ids[7]).blocked_by == std::vector(ids.begin() + 2, ids.begin() + 7));
  REQUIRE(bench->cancel(ids[4]));
  CHECK(bench.now(ids[7]).blocked_by == std::vector{ids[1], ids[2], ids[3], ids[5], ids[6]});
  const auto revision = bench.now(ids[7]).revision;
  REQUIRE(bench->cancel(ids[0]));
  CHECK(bench.now(ids[7]).revision == revision);  // nothing new for it
  CHECK(bench.now(ids[1]).reason->code == "slot");
  CHECK_FALSE(bench.now(ids[1]).blocked_by);
  CHECK(bench.claim()->state.operation_id == ids[1]);
  CHECK_FALSE(bench.claim());
}

TEST_CASE_TEMPLATE("children take their locks under their parent's, and wait for siblings alone",
                   Engine, HUB_ENGINES) {
  Bench<Engine> bench;
  const auto with = [&](const std::string& target, std::vector<LockRequest> locks,
                        std::optional<OperationId> parent = {}) {
    auto wanted = bench.wanted(target);
    wanted.locks = std::move(locks);
    wanted.state.parent_id = std::move(parent);
    wanted.on_conflict = OnConflict::queue;
    return bench.accept(wanted);
  };
  const Resource lamp("skill:lamp"), bulb("skill:bulb"), radio("skill:radio");
  const auto parent = with("evening", {{lamp}, {bulb}, {radio, LockMode::shared}}).operation_id;
  REQUIRE(bench.claim()->state.operation_id == parent);
  const auto other = with("other", {{lamp}}).operation_id;
  const auto first = with("bulb", {{bulb}, {radio, LockMode::shared}}, parent);
  CHECK_FALSE(first.blocked_by);
  const auto second = with("lamp", {{lamp}, {bulb, LockMode::shared}}, parent).operation_id;
  // Before `other`, which was there first: that one waits for the parent.
  CHECK(bench.now(second).blocked_by == std::vector{first.operation_id});
  CHECK(bench.now(other).blocked_by == std::vector{parent});
  const auto outside = with("outside", {{Resource("skill:clock")}}).operation_id;
  // What the parent does not hold, or holds less, is waited for as by anybody.
  CHECK(bench.now(with("clock", {{Resource("skill:clock")}}, parent).operation_id).blocked_by ==
        std::vector{outside});
  CHECK(bench.now(with("radio", {{radio}}, parent).operation_id).blocked_by == std::vector{parent});
  bench.restart();
  CHECK(bench->adopt_orphans().size() == 1);
  CHECK(bench.claim()->state.operation_id == first.operation_id);
  bench.end(first.operation_id, Effects::applied);
  CHECK_FALSE(bench.now(second).blocked_by);
  CHECK(bench.now(other).blocked_by == std::vector{parent});
  CHECK(bench.claim()->state.operation_id == second);
  bench.end(second, Effects::applied);
  bench.end(parent, Effects::applied);
  CHECK_FALSE(bench.now(other).blocked_by);
  // What its children have changed is theirs to tell.
  while (const auto next = bench.claim()) {
    bench.end(next->state.operation_id,
              next->state.operation_id == other ? Effects::applied : Effects::none);
  }
  CHECK(bench->later_changes(bench.now(parent)).empty());
  const auto later = bench->later_changes(bench.now(second));
  REQUIRE(later.size() == 2);
  CHECK(later[0].operation_id == parent);
  CHECK(later[1].operation_id == other);
}

// What is known of one operation by a model that holds nothing but the rules.
struct Model {
  struct One {
    OperationId id;
    std::map<int, LockMode> locks;
    bool running = false;
  };
  std::vector<One> live;  // by acceptance

  bool holds(std::size_t i) const {
    for (std::size_t before = 0; before < i; ++before) {
      for (const auto& [resource, mode] : live[before].locks) {
        const auto mine = live[i].locks.find(resource);
        if (mine == live[i].locks.end()) continue;
        if (mode == LockMode::exclusive || mine->second == LockMode::exclusive) return false;
      }
    }
    return true;
  }
  // The oldest that holds its locks and does not run.
  std::optional<std::size_t> next() const {
    for (std::size_t i = 0; i < live.size(); ++i) {
      if (!live[i].running && holds(i)) return i;
    }
    return std::nullopt;
  }
};

TEST_CASE_TEMPLATE("20,000 random steps: no two conflicting grants, first in first out, all end",
                   Engine, HUB_ENGINES) {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const auto up_to = [&random](int max) {
    return std::uniform_int_distribution<int>(0, max - 1)(random);
  };
  const InMemory no_waiting_for_the_disk;
  Bench<Engine> bench;
  Model model;
  const auto accept = [&] {
    Model::One one;
    auto wanted = bench.wanted("x" + std::to_string(random()));
    wanted.locks.clear();
    for (int i = up_to(3) + 1; i > 0; --i) {
      const int resource = up_to(14);
      const auto mode = up_to(2) == 0 ? LockMode::shared : LockMode::exclusive;
      const auto [at, fresh] = one.locks.emplace(resource, mode);
      if (mode == LockMode::exclusive) at->second = mode;
      wanted.locks.push_back({Resource("r" + std::to_string(resource)), mode});
    }
    one.id = bench.accept(wanted).operation_id;
    model.live.push_back(std::move(one));
  };
  const auto claim = [&] {
    const auto claimed = bench.claim();
    const auto expected = model.next();
    REQUIRE(claimed.has_value() == expected.has_value());
    if (!claimed) return;
    REQUIRE(claimed->state.operation_id == model.live[*expected].id);
    model.live[*expected].running = true;
  };
  const auto end = [&](std::size_t i) {
    const auto& one = model.live[i];
    if (one.running) {
      bench.end(one.id, Effects::none,
                up_to(2) == 0 ? OperationStatus::succeeded : OperationStatus::failed);
    } else {
      REQUIRE(bench->cancel(one.id));
    }
    model.live.erase(model.live.begin() + static_cast<std::ptrdiff_t>(i));
  };
  constexpr int steps = 20'000;
  for (int step = 0; step < steps; ++step) {
    const int kind = up_to(10);
    if (model.live.empty() || (kind < 4 && model.live.size() < 40)) {
      accept();
    } else if (kind < 7) {
      claim();
    } else {
      end(static_cast<std::size_t>(up_to(static_cast<int>(model.live.size()))));
    }
    if (step == steps / 2) bench.restart(), bench->adopt_orphans();
  }
  while (!model.live.empty()) {  // nobody starves
    while (model.next()) claim();
    const auto running = std::ranges::find(model.live, true, &Model::One::running);
    REQUIRE(running != model.live.end());
    end(static_cast<std::size_t>(running - model.live.begin()));
  }
  CHECK(bench->live_count() == 0);
  CHECK_FALSE(bench.claim());
}

}  // namespace
}  // namespace hub::store
