#include "http/document_metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace hub::http {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily family(MetricType type, const char* name, const char* help, double value) {
  prometheus::ClientMetric metric;
  (type == MetricType::Gauge ? metric.gauge.value : metric.counter.value) = value;
  return {name, help, type, {metric}};
}

}  // namespace

std::string document_metrics(const projection::DocumentServerStatus& status) {
  const auto gauge = [](const char* name, const char* help, std::size_t value) {
    return family(MetricType::Gauge, name, help, static_cast<double>(value));
  };
  const auto counter = [](const char* name, const char* help, std::uint64_t value) {
    return family(MetricType::Counter, name, help, static_cast<double>(value));
  };
  const auto& of = status.counters;
  return prometheus::TextSerializer().Serialize({
      gauge("documents_open", "Webspaces whose document is in memory", status.webspaces),
      gauge("document_sessions", "Connected Yjs clients", status.sessions),
      gauge("documents_unstored", "Webspaces whose file could not be written", status.unstored),
      counter("document_messages_total", "Messages of Yjs clients", of.messages),
      counter("document_messages_unknown_total", "Messages of a kind that is not known",
              of.unknown_messages),
      counter("document_messages_refused_total", "Messages that closed their connection",
              of.refused_messages),
      counter("document_forgeries_total", "Writes to what the hub owns, dropped", of.forgeries),
      counter("document_updates_sent_total", "Updates sent, one for each client", of.updates_sent),
      counter("document_resyncs_total", "Slow clients that were brought up to date by one update",
              of.resyncs),
      counter("document_closed_slow_total", "Clients closed because they read too slowly",
              of.closed_slow),
  });
}

}  // namespace hub::http
