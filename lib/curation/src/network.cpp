#include "winnow/curation/network.hpp"

#include <memory>

#include "winnow/embedding/backbone.hpp"
#include "winnow/embedding/embed.hpp"
#include "winnow/stats/neighbours.hpp"

namespace winnow::curation {
namespace {

constexpr const char* kArchitecture = "efficientnet_lite0";

Examined examine(const embedding::Backbone& backbone, const NetworkOptions& options,
                 const dataset::Dataset& tree, const dataset::FingerprintOptions& reading,
                 const Context& context) {
  embedding::EmbedOptions embedding{.reading = reading, .fingerprints = true};
  if (!options.no_cache)
    embedding.cache = options.cache.empty() ? embedding::default_cache(tree.root) : options.cache;
  embedding::Embeddings found =
      embedding::embed(backbone.architecture, backbone.tensors,
                       embedding::preprocessing_for(backbone.architecture), tree, embedding, context);
  stats::normalise_rows(found.values);
  Examined examined{.fingerprints = {}, .embeddings = std::move(found.values)};
  examined.fingerprints.reserve(tree.samples.size());
  auto failure = found.failures.begin();
  auto fingerprint = found.fingerprints.begin();
  for (std::size_t i = 0; i < tree.samples.size(); ++i) {
    if (failure != found.failures.end() && failure->index == i) {
      examined.fingerprints.emplace_back(std::move((failure++)->failure));
    } else {
      examined.fingerprints.emplace_back(std::move(*fingerprint++));
    }
  }
  return examined;
}

}  // namespace

Examine make_examine(const NetworkOptions& options) {
  const auto backbone =
      std::make_shared<const embedding::Backbone>(embedding::read_backbone(options.weights, kArchitecture));
  return [backbone, options](const dataset::Dataset& tree, const dataset::FingerprintOptions& reading,
                             const Context& context) {
    return examine(*backbone, options, tree, reading, context);
  };
}

}  // namespace winnow::curation
