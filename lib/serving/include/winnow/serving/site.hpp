// Models as a web site: the page to drop pictures on, POST /api/classify for programs, the protocols of
// TensorFlow Serving and KServe, and /healthz, /readyz and /metrics for whoever watches over it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/log.hpp"
#include "winnow/httpd/router.hpp"
#include "winnow/httpd/server.hpp"
#include "winnow/inference/classifier.hpp"
#include "winnow/serving/model_id.hpp"
#include "winnow/serving/security.hpp"

namespace winnow::serving {

// How pictures wait, and how many are computed together.
struct BatchingOptions {
  unsigned decoders = 2;                       // threads
  std::size_t batch = 8;                       // pictures computed together, at most
  std::size_t queue = 64;                      // requests that may wait; more are answered 503 at once
  std::uint64_t decode_bytes = 96U << 20;      // what waiting pictures take once decoded; more: 503 at once
  std::uint64_t max_pixels = 24'000'000;       // of a picture, as its header claims
  std::chrono::milliseconds deadline{10'000};  // a request that still waits then is answered 504
};

// Pages of somebody else under the same roof. All of it is called from several threads and may not block.
struct Annex {
  std::function<bool(std::string_view path)> owns;
  std::function<void(httpd::Router&)> add_routes;
  // Takes the place of the site's keys and gate for its paths: looks at a request before its body is read.
  std::function<std::optional<httpd::Problem>(const httpd::Request&)> check;
  std::function<std::shared_ptr<httpd::BodySink>(const httpd::Request&)> sink;
  // Gives form to what has been refused on its paths.
  std::function<httpd::Response(const httpd::Problem&, const httpd::Request&)> render;
  std::string link;  // that the site's page leads to, such as "/jobs"; empty for none
  std::string link_text;
};

struct SiteOptions {
  SiteOptions() { server.limits.buffered_bytes = 48U << 20; }

  httpd::ServerOptions server;  // its headers are the site's own
  BatchingOptions batching;
  SecurityOptions security;
  std::size_t pictures = 8;  // in one request
  std::size_t top_k = 5;     // classes in an answer, unless the request says otherwise
  // By model name, then label ("stable", "canary"): the version that it means.
  std::map<std::string, std::map<std::string, std::uint64_t>> labels;
  std::vector<std::string> cors_origins;  // whose pages may ask; "*" for all
  std::optional<Annex> annex;
  // Nothing but /healthz, /readyz and /metrics: of a process that works without being asked.
  bool status_only = false;
  // If set: more lines for /metrics, in its text format. Called from several threads; may not block.
  std::function<std::string()> more_metrics;
  // If set: takes one line of JSON for each request. Called from several threads.
  std::function<void(const std::string& line)> access_log;
};

// Uploads stay in memory. Thread-safe.
class Site {
 public:
  Site(SiteOptions options, Logger& log);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  // Takes the port and refuses connections until start(). Throws Error{kNetwork}.
  void take_port();
  // Answers: /healthz says 200, what needs a model 503 until there is one. Throws Error{kNetwork}.
  void start();
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::uint16_t port() const;

  // Has the classifier answer blank pictures, and from then on everybody, in place of the version with the
  // same id; requests in flight are finished by the one they began with. where: stands in errors. Throws
  // Error{kInvalid} if the answer makes no sense, and what classify() throws.
  void open(ModelId id, std::unique_ptr<inference::Classifier> classifier, const std::string& where);
  void close(const ModelId& id);
  // For /metrics.
  void note_failed_load(const ModelId& id);

  // "37 classes, 224 px", or how many models there are.
  [[nodiscard]] std::string summary() const;

  // The model of that name as it is now, or, for an empty name, the first; null if there is none. It goes on
  // answering for as long as somebody has it. Safe to be called by several threads, like all of a Site.
  [[nodiscard]] std::shared_ptr<inference::Classifier> classifier(const std::string& name) const;

  // In the order in which they were opened.
  [[nodiscard]] std::vector<std::string> model_names() const;

  // Reads the file of keys again if it has changed; what is no good is logged, and the keys from before stay.
  void refresh_keys();

  // /readyz says 200 from now on: all models that were asked for are open.
  void set_ready();

  // /readyz says 503 from now on, so that balancers send nobody any more, and each answer closes its
  // connection; all else goes on.
  void retire();

  // Retires, stops accepting and finishes what is in flight. Returns whether that took no longer than
  // timeout; what is left then is broken off by the destructor.
  bool drain(std::chrono::milliseconds timeout);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace winnow::serving
