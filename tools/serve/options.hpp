#pragma once

#include <CLI/App.hpp>
#include <filesystem>

#include "winnow/serving/site.hpp"

namespace winnow::tools {

struct ServeOptions {
  static constexpr const char* kName = "winnow-serve";
  static constexpr const char* kSummary =
      "Puts a model on the web: a page to drop pictures on, and POST /api/classify for programs.\n"
      "GET /healthz says that it lives, GET /readyz that it can answer. Pictures stay in memory.";
  static constexpr const char* kExample =
      "Examples:\n  winnow-serve pets.onnx\n  winnow-serve pets.onnx --listen 0.0.0.0:8080 --drain-delay 5\n"
      "  curl --data-binary @cat.jpg http://127.0.0.1:8080/api/classify\n"
      "  curl -F file=@cat.jpg -F file=@dog.jpg 'http://127.0.0.1:8080/api/classify?top=3'";

  std::filesystem::path model;
  serving::SiteOptions site;
  double drain_delay = 0;  // seconds
  double drain_seconds = 20;
};

void add_options(CLI::App& app, ServeOptions& options);

}  // namespace winnow::tools
