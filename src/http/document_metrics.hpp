#pragma once
// The documents and who looks at them, in Prometheus' text form: a part of GET /metrics.

#include <string>

#include "projection/document_server.hpp"

namespace hub::http {

std::string document_metrics(const projection::DocumentServerStatus&);

}  // namespace hub::http
