#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <string>

#include "winnow/exporting/export_onnx.hpp"

namespace winnow::tools {

struct ExportOptions {
  static constexpr const char* kName = "winnow-export";
  static constexpr const char* kSummary =
      "Turns a run into one file that carries all it needs: it takes plain RGB pixels, and holds the\n"
      "labels, the preprocessing, the calibration and what it knows of itself. The file is compared with "
      "the\n"
      "trained network before it appears.";
  static constexpr const char* kExample =
      "Examples:\n"
      "  winnow-export runs/pets -o pets.onnx\n"
      "  winnow-export runs/pets --int8 -o pets-int8.onnx\n"
      "  winnow-export runs/pets -o pets.pt\n"
      "  winnow-export runs/pets --triton repository\n"
      "  winnow-export --pretrained efficientnet_lite0 -o imagenet.onnx\n"
      "  winnow-export inspect pets.onnx\n"
      "  winnow-export --self-check pets.onnx";

  std::filesystem::path run;
  std::string pretrained;             // in its place: a network that others trained
  std::filesystem::path data_folder;  // where its weights and the names of its classes are
  std::filesystem::path output;       // .onnx, or .pt for TorchScript
  std::filesystem::path triton;       // a model repository
  std::string name;                   // of the model there; empty: as the run's folder or the network
  exporting::ExportOptions model;     // of ONNX files

  // winnow-export inspect FILE
  std::filesystem::path inspect;  // empty: nothing is to be shown
  bool json = false;

  std::filesystem::path self_check;  // empty: nothing is to be checked
};

void add_options(CLI::App& app, ExportOptions& options);

// Throws Error{kUsage} for what does not go together.
void check(const ExportOptions& options);

}  // namespace winnow::tools
