// A model as a web site: the page to drop pictures on, POST /api/classify for programs, /healthz and /readyz
// for whoever watches over it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "winnow/core/log.hpp"
#include "winnow/httpd/server.hpp"
#include "winnow/inference/classifier.hpp"

namespace winnow::serving {

struct SiteOptions {
  httpd::ServerOptions server;            // its headers are the site's own
  std::uint64_t max_pixels = 40'000'000;  // of a picture, as its header claims
  std::size_t queue = 64;                 // requests that may wait; more are answered 503 at once
  unsigned workers = 2;                   // pictures decoded and classified at the same time
  std::size_t pictures = 8;               // in one request
  std::size_t top_k = 5;                  // classes in an answer, unless the request says otherwise
};

// Uploads stay in memory. Thread-safe.
class Site {
 public:
  Site(SiteOptions options, Logger& log);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  // Opens the port: /healthz says 200, everything else 503 until open(). Throws Error{kNetwork}.
  void start();
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::uint16_t port() const;

  // Has the classifier answer blank pictures, and from then on everybody; /readyz says 200. Call once.
  // Throws Error{kInvalid} if the answer makes no sense, and what classify() throws. name: stands in errors.
  void open(std::unique_ptr<inference::Classifier> classifier, const std::string& name);

  // /readyz says 503 from now on, so that balancers send nobody any more; all else goes on.
  void retire();

  // Retires, stops accepting and finishes what is in flight. Returns whether that took no longer than
  // timeout; what is left then is broken off by the destructor.
  bool drain(std::chrono::milliseconds timeout);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace winnow::serving
