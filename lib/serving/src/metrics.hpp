#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace winnow::serving {

// What /metrics tells Prometheus. Labels hold only words of ours and names of models, never what clients
// send. Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // route: a path or prefix that the site knows; status 0: the client went before there was an answer.
  void observe_request(std::string_view route, int status, std::chrono::duration<double> duration);
  void count_rejected(const char* reason);
  void set_queue(std::size_t requests);
  void observe_batch(std::size_t pictures);
  void observe_load(const std::string& model, std::chrono::duration<double> duration);
  void count_failed_load(const std::string& model);
  void set_models(std::size_t versions);
  void set_ready(bool ready);
  void set_certificate_end(std::chrono::system_clock::time_point end);

  // Prometheus text format 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace winnow::serving
