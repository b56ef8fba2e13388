#include "winnow/exporting/export_torchscript.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/script.h>

#include <sstream>

#include "torch_network.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/error.hpp"
#include "winnow/nn/network.hpp"
#include "winnow/nn/script.hpp"
#include "winnow/nn/torch_errors.hpp"

namespace winnow::exporting {
namespace {

constexpr int kPictures = 4;

double compare_with_network(const model::Architecture& architecture, const model::Checkpoint& checkpoint,
                            ByteSpan script, const Context& context) {
  const int side = checkpoint.metadata.preprocessing.size;
  torch::set_num_threads(static_cast<int>(context.threads));
  const torch::NoGradGuard no_grad;
  const torch::Tensor pixels =
      torch::randint(0, 256, {kPictures, side, side, 3},
                     at::make_generator<at::CPUGeneratorImpl>(std::uint64_t{1}), torch::kUInt8);
  nn::Network network(architecture);
  network.load(checkpoint.tensors);
  network.eval();
  const torch::Tensor expected = network.forward(pixels).logits / checkpoint.metadata.temperature;
  std::istringstream stream{std::string(as_text(script))};
  torch::jit::Module module = torch::jit::load(stream);
  const torch::Tensor logits = module.forward({pixels}).toTuple()->elements().at(0).toTensor();
  return (logits - expected).abs().max().item<double>();
}

ExportedModel write(const Source& source, const std::filesystem::path& output, const Context& context) {
  const model::Metadata& metadata = source.checkpoint.metadata;
  const model::Architecture architecture = model::make_architecture(
      metadata.architecture, static_cast<int>(metadata.classes.size()), metadata.preprocessing.size);
  model::Checkpoint checkpoint = source.checkpoint;
  const double difference = nn::translate_torch_errors("run the network", [&] {
    return compare_with_network(architecture, checkpoint, nn::write_torchscript(architecture, checkpoint),
                                context);
  });
  require_close(difference);
  checkpoint.metadata.metrics["export"] = {
      {"largest_logit_difference", difference}, {"pictures", kPictures}, {"pictures_from", "random"}};
  const Bytes script = nn::write_torchscript(architecture, checkpoint);
  write_file_atomically(output, script);
  return {script.size(), {kPictures, "random", difference, kPictures}};
}

}  // namespace

ExportedModel export_torchscript(const Source& source, const std::filesystem::path& output,
                                 const Context& context) {
  try {
    return write(source, output, context);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kIo) throw;
    throw Error(error.kind() == ErrorKind::kUsage ? ErrorKind::kUnsupported : error.kind(), source.name,
                error.what());
  }
}

}  // namespace winnow::exporting
