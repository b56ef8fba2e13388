#include "winnow/curation/network.hpp"

#include <memory>

#include "winnow/embedding/backbone.hpp"
#include "winnow/embedding/embed.hpp"
#include "winnow/stats/neighbours.hpp"

namespace winnow::curation {
namespace {

constexpr const char* kArchitecture = "efficientnet_lite0";

stats::Matrix embed_samples(const embedding::Backbone& backbone, const dataset::Dataset& tree,
                            const std::filesystem::path& cache, std::span<const std::size_t> samples,
                            const Context& context) {
  std::vector<std::filesystem::path> files;
  for (const std::size_t i : samples) files.push_back(tree.root / tree.samples[i].path);
  embedding::Embeddings found =
      embedding::embed(backbone.architecture, backbone.tensors,
                       embedding::preprocessing_for(backbone.architecture), files, cache, context);
  stats::normalise_rows(found.values);
  if (found.kept.size() == samples.size()) return std::move(found.values);
  stats::Matrix all(samples.size(), found.values.columns());
  for (std::size_t k = 0; k < found.kept.size(); ++k) {
    std::copy(found.values.row(k).begin(), found.values.row(k).end(), all.row(found.kept[k]).begin());
  }
  return all;
}

}  // namespace

Embed make_embed(const dataset::Dataset& tree, const NetworkOptions& options, const Context& context) {
  const auto backbone =
      std::make_shared<const embedding::Backbone>(embedding::read_backbone(options.weights, kArchitecture));
  std::filesystem::path cache = options.cache.empty() ? embedding::default_cache(tree.root) : options.cache;
  if (options.no_cache) cache.clear();
  return [backbone, cache, &tree, &context](std::span<const std::size_t> samples) {
    return embed_samples(*backbone, tree, cache, samples, context);
  };
}

}  // namespace winnow::curation
