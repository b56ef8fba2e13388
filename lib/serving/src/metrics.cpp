#include "metrics.hpp"

#include <fmt/format.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <mutex>

namespace winnow::serving {
namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;

const Buckets kDurations = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
const Buckets kBatches = {1, 2, 4, 6, 8, 16};

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double all = 0;
  double resident = 0;
  file >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::string to_label(int status) {
  return status == 0 ? "none" : std::to_string(status);
}

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter()
          .Name("winnow_requests_total")
          .Help("Requests that are over, by route and status.")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& durations =
      prometheus::BuildHistogram()
          .Name("winnow_request_duration_seconds")
          .Help("From the first byte of a request to the last of its answer.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& rejected =
      prometheus::BuildCounter()
          .Name("winnow_rejected_total")
          .Help("Requests for which nothing was computed, by reason.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& failed_loads =
      prometheus::BuildCounter()
          .Name("winnow_model_load_failures_total")
          .Help("Model files that could not be put to use.")
          .Register(registry);
  prometheus::Family<prometheus::Gauge>& loads =
      prometheus::BuildGauge()
          .Name("winnow_model_load_seconds")
          .Help("What opening and warming up the model took last time.")
          .Register(registry);
  prometheus::Gauge& queue = prometheus::BuildGauge()
                                 .Name("winnow_queue_requests")
                                 .Help("Requests that wait to be decoded.")
                                 .Register(registry)
                                 .Add({});
  prometheus::Gauge& models = prometheus::BuildGauge()
                                  .Name("winnow_models")
                                  .Help("Model versions that answer.")
                                  .Register(registry)
                                  .Add({});
  prometheus::Gauge& ready = prometheus::BuildGauge()
                                 .Name("winnow_ready")
                                 .Help("Whether /readyz says so.")
                                 .Register(registry)
                                 .Add({});
  prometheus::Family<prometheus::Gauge>& certificate_end =
      prometheus::BuildGauge()
          .Name("winnow_certificate_end_seconds")
          .Help("When the certificate that is shown ends, since unix epoch in seconds.")
          .Register(registry);
  prometheus::Histogram& batches = prometheus::BuildHistogram()
                                       .Name("winnow_batch_pictures")
                                       .Help("Pictures computed together.")
                                       .Register(registry)
                                       .Add({}, kBatches);
  prometheus::Gauge& resident = prometheus::BuildGauge()
                                    .Name("process_resident_memory_bytes")
                                    .Help("Resident memory size in bytes.")
                                    .Register(registry)
                                    .Add({});

  struct Series {
    prometheus::Counter* requests = nullptr;
    prometheus::Histogram* durations = nullptr;
  };
  // Looked up for each request; prometheus-cpp's own look-up hashes all labels again.
  std::mutex mutex;
  std::map<std::string, std::map<int, Series>, std::less<>> series;  // by route, then status
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {
  prometheus::BuildGauge()
      .Name("winnow_build_info")
      .Help("Always 1; the label says which version this is.")
      .Register(impl_->registry)
      .Add({{"version", WINNOW_VERSION}})
      .Set(1);
  prometheus::BuildGauge()
      .Name("process_start_time_seconds")
      .Help("Start time of the process since unix epoch in seconds.")
      .Register(impl_->registry)
      .Add({})
      .SetToCurrentTime();
  // There from the start, so that a rise from none is seen.
  for (const char* reason : {"queue_full", "deadline", "client_gone", "busy"})
    impl_->rejected.Add({{"reason", reason}});
}

Metrics::~Metrics() = default;

void Metrics::observe_request(std::string_view route, int status, std::chrono::duration<double> duration) {
  Impl::Series found{};
  {
    const std::lock_guard lock(impl_->mutex);
    auto at = impl_->series.find(route);
    if (at == impl_->series.end()) at = impl_->series.try_emplace(std::string(route)).first;
    Impl::Series& known = at->second[status];
    if (known.requests == nullptr) {
      known = {&impl_->requests.Add({{"route", at->first}, {"status", to_label(status)}}),
               &impl_->durations.Add({{"route", at->first}}, kDurations)};
    }
    found = known;
  }
  found.requests->Increment();
  found.durations->Observe(duration.count());
}

void Metrics::count_rejected(const char* reason) {
  impl_->rejected.Add({{"reason", reason}}).Increment();
}

void Metrics::set_queue(std::size_t requests) {
  impl_->queue.Set(static_cast<double>(requests));
}

void Metrics::observe_batch(std::size_t pictures) {
  impl_->batches.Observe(static_cast<double>(pictures));
}

void Metrics::observe_load(const std::string& model, std::chrono::duration<double> duration) {
  impl_->loads.Add({{"model", model}}).Set(duration.count());
}

void Metrics::count_failed_load(const std::string& model) {
  impl_->failed_loads.Add({{"model", model}}).Increment();
}

void Metrics::set_models(std::size_t versions) {
  impl_->models.Set(static_cast<double>(versions));
}

void Metrics::set_ready(bool ready) {
  impl_->ready.Set(ready ? 1 : 0);
}

void Metrics::set_certificate_end(std::chrono::system_clock::time_point end) {
  const std::chrono::duration<double> since_epoch = end.time_since_epoch();
  impl_->certificate_end.Add({}).Set(since_epoch.count());
}

std::string Metrics::text() const {
  impl_->resident.Set(resident_bytes());
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace winnow::serving
