#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace winnow::tools {

enum class ReportFormat { kText, kJson };

struct DoctorOptions {
  static constexpr const char* kName = "winnow-doctor";
  static constexpr const char* kSummary =
      "Says what this machine has, what is missing, and what it will run well: processor, memory, disks,\n"
      "the programs of winnow and their libraries, and how fast a network answers here.";
  static constexpr const char* kExample =
      "Exit code 0: nothing stands in the way; 1: something does, and is listed.\n\n"
      "Examples:\n"
      "  winnow doctor\n"
      "  winnow doctor pets.onnx\n"
      "  winnow doctor --network --host example.org\n"
      "  winnow doctor --format json";

  std::filesystem::path model;  // empty: a network of drawn weights is measured alone
  bool network = false;
  std::vector<std::string> hosts = {"commons.wikimedia.org", "api.openverse.org"};
  ReportFormat format = ReportFormat::kText;
};

void add_options(CLI::App& app, DoctorOptions& options);

}  // namespace winnow::tools
