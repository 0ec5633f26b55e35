#pragma once
// What an operation in waiting_input asks, and how to answer it. Read from its reason:
//   {"code": "confirm", "params": {"question": "final_step_in_doubt",
//                                  "params": {"step": "publish", "answers": ["run_again", …]}}}

#include "contracts/operation_state.hpp"

namespace hub::cli {

struct Question {
  std::string text;                  // for a person
  std::vector<std::string> details;  // "name: value" of what else is known
  std::vector<std::string> answers;  // empty: anything may be answered
};

// Absent: it asks nothing.
std::optional<Question> question_of(const OperationState&);

// The question and the commands that answer it, a line each.
std::vector<std::string> question_lines(const Question&, const std::string& short_id);

// invalid, "unknown_answer": it is none of those that the operation knows.
Result<> check_answer(const OperationState&, const std::string& answer);

}  // namespace hub::cli
