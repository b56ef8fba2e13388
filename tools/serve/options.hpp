#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "serve/batch_jobs.hpp"
#include "winnow/serving/model_watcher.hpp"
#include "winnow/serving/site.hpp"

namespace winnow::tools {

struct ServeOptions {
  static constexpr const char* kName = "winnow-serve";
  static constexpr const char* kSummary =
      "Puts models on the web: a page to drop pictures on, POST /api/classify for programs, and the "
      "protocols of\n"
      "TensorFlow Serving and KServe. A file that is replaced is put to use at once. Pictures stay in "
      "memory.";
  static constexpr const char* kExample =
      "Examples:\n  winnow-serve pets.onnx\n  winnow-serve pets.onnx --listen 0.0.0.0:8080 --drain-delay 5\n"
      "  winnow-serve cats.onnx dogs=other/pets.onnx\n"
      "  winnow-serve models/ --label pets:stable=3 --label pets:canary=4\n"
      "  winnow-serve pets.onnx --data /var/lib/winnow\n"
      "  curl --data-binary @cat.jpg http://127.0.0.1:8080/api/classify\n"
      "  curl -F file=@cat.jpg -F file=@dog.jpg 'http://127.0.0.1:8080/api/classify?top=3'";

  std::vector<serving::ModelSource> models;
  serving::SiteOptions site;
  double poll_seconds = 1;                       // 0: files are not looked at again
  httpd::TlsFiles tls;                           // both empty: plain HTTP
  std::optional<httpd::ListenAddress> redirect;  // plain HTTP that leads to where TLS is
  std::string access_log;                        // a file, or "-" for stdout; empty for none
  std::filesystem::path cache;
  bool no_cache = false;
  std::string add_key, revoke_key;  // instead of serving
  bool list_keys = false;
  std::vector<std::string> scopes = {"classify"};  // of the key to add, and its quota
  std::uint64_t quota = 0;
  BatchJobsOptions jobs;
  std::filesystem::path admin_socket;  // empty: none
  double drain_delay = 0;              // seconds
  double drain_seconds = 20;
};

void add_options(CLI::App& app, ServeOptions& options);

}  // namespace winnow::tools
