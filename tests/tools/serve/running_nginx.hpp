#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_client.hpp"
#include "winnow/core/json.hpp"

namespace winnow::test {

// The name in deploy/nginx/winnow-serve.conf.
inline constexpr const char* kSiteName = "classify.example.org";

// Skips a test where there is no nginx; scripts/setup.sh installs it.
#define WINNOW_NEED_NGINX() \
  if (!winnow::test::has_nginx()) GTEST_SKIP() << "nginx is not installed; scripts/setup.sh installs it"
[[nodiscard]] bool has_nginx();

// The real nginx with deploy/nginx/winnow-serve.conf, in which only addresses and paths are others, and what
// the test wants: pairs of a text and its replacement.
class RunningNginx {
 public:
  // upstreams: one or two ports.
  explicit RunningNginx(const std::vector<std::uint16_t>& upstreams,
                        const std::vector<std::pair<std::string, std::string>>& changes = {});

  [[nodiscard]] std::uint16_t port() const { return port_; }              // with TLS
  [[nodiscard]] std::uint16_t plain_port() const { return plain_port_; }  // leads there

  // A client that has a connection.
  [[nodiscard]] std::unique_ptr<TlsClient> connect() const;
  // One request on a connection of its own.
  [[nodiscard]] Reply ask(const std::string& method, const std::string& target, std::string_view body = "",
                          const std::string& more_headers = "") const;

  // Ends it. What it has logged is whole then.
  void stop();
  [[nodiscard]] std::vector<Json> access_log() const;
  [[nodiscard]] std::string error_log() const;

 private:
  TemporaryFolder folder_;
  std::uint16_t port_;
  std::uint16_t plain_port_;
  std::unique_ptr<Process> process_;
};

// Whether connections to this port are taken.
[[nodiscard]] bool listens(std::uint16_t port);

// A request of a client that keeps its connection.
[[nodiscard]] std::string request_text(const std::string& method, const std::string& target,
                                       std::string_view body = "", const std::string& more_headers = "");

// The objects of a file with one on each line.
[[nodiscard]] std::vector<Json> read_json_lines(const std::filesystem::path& file);

}  // namespace winnow::test
