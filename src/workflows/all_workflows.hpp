#pragma once
// Every operation kind this hub can run. main() hands over the tools; nothing registers itself.

#include "operations/workflow.hpp"
#include "workflows/tools.hpp"

namespace hub::workflows {

operations::Workflows all_workflows(const Tools& tools);

}  // namespace hub::workflows
