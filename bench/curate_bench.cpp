// How much of what is wrong with a set winnow-curate finds, and what the search for duplicates costs.
//
//   curate_bench flips FOLDER       a tenth of the labels turned: precision and recall of label errors
//   curate_bench copies FOLDER      edited copies planted: how many are found, and false groups
//   curate_bench speed FOLDER       the whole of winnow-curate beside the embedding of the pictures alone
//   curate_bench scale FOLDER [PICTURES]  the whole of it on mosaics of the photographs: time and memory
//   curate_bench search [PICTURES]  duplicates among synthetic embeddings: recall, time, memory
//
// FOLDER has one subfolder of photographs per class; nothing in it is changed. `bench/run.sh curate` builds
// it.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>

#include "winnow/core/atomic_file.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/parallel.hpp"
#include "winnow/core/random.hpp"
#include "winnow/core/threads.hpp"
#include "winnow/curation/curate.hpp"
#include "winnow/curation/network.hpp"
#include "winnow/embedding/backbone.hpp"
#include "winnow/embedding/embed.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/image/preprocess.hpp"
#include "winnow/stats/neighbours.hpp"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using image::Image;

constexpr std::size_t kCopied = 120;  // photographs of which each kind of copy is planted

class Scratch {
 public:
  Scratch() : path_((fs::temp_directory_path() / "curate_bench-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) throw Error(ErrorKind::kIo, path_, "cannot make a folder");
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] fs::path operator/(const fs::path& name) const { return path_ / name; }

 private:
  std::string path_;
};

double gigabytes_at_most() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1e6;
}

struct Surroundings {
  Terminal terminal;
  std::shared_ptr<Logger> log = make_logger("curate_bench", terminal, LogFormat::kText, spdlog::level::info);
  std::stop_source stop;
  Context context{*log, terminal, stop.get_token(), available_threads()};
};

curation::Curation curate(const dataset::Dataset& tree, const Context& context) {
  curation::CurationOptions options;
  options.examine = curation::make_examine({.weights = WINNOW_WEIGHTS, .cache = {}, .no_cache = true});
  return curation::curate(tree, options, context);
}

void bench_flips(const fs::path& folder, const Context& context) {
  dataset::Dataset tree = dataset::open_dataset(folder);
  const auto classes = static_cast<std::uint64_t>(tree.classes.size());
  std::vector<char> flipped(tree.samples.size());
  std::vector<std::size_t> order(tree.samples.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  CounterRandom random(1);
  const std::size_t count = order.size() / 10;
  for (std::size_t i = 0; i < count; ++i) {
    std::swap(order[i], order[i + random.below(order.size() - i)]);
    int& label = tree.samples[order[i]].label;
    label = static_cast<int>((static_cast<std::uint64_t>(label) + 1 + random.below(classes - 1)) % classes);
    flipped[order[i]] = 1;
  }
  const curation::Curation curation = curate(tree, context);
  std::size_t flagged = 0;
  std::size_t right = 0;
  for (std::size_t i = 0; i < flipped.size(); ++i) {
    const auto& issues = curation.manifest.rows[i].issues;
    if (std::none_of(issues.begin(), issues.end(),
                     [](const auto& issue) { return issue.code == curation::kLabelError; }))
      continue;
    ++flagged;
    right += flipped[i] != 0 ? 1 : 0;
  }
  fmt::print("{} of {} labels turned: {} flagged, precision {:.3f}, recall {:.3f}; noise estimated {:.3f}\n",
             count, flipped.size(), flagged,
             static_cast<double>(right) / static_cast<double>(std::max<std::size_t>(1, flagged)),
             static_cast<double>(right) / static_cast<double>(count), curation.labels.value().noise_rate);
}

// A picture of the same size whose pixel (x, y) is at(x, y), three values from 0 to 255.
Image map_pixels(int width, int height, const std::function<std::array<double, 3>(int, int)>& at) {
  Image result(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const std::array<double, 3> colour = at(x, y);
      for (std::size_t c = 0; c < 3; ++c) {
        result.row(y)[3 * static_cast<std::size_t>(x) + c] =
            static_cast<std::uint8_t>(std::clamp(colour[c], 0.0, 255.0));
      }
    }
  }
  return result;
}

std::array<double, 3> colour_of(const Image& picture, int x, int y) {
  const std::uint8_t* pixel = picture.row(y) + 3 * static_cast<std::ptrdiff_t>(x);
  return {static_cast<double>(pixel[0]), static_cast<double>(pixel[1]), static_cast<double>(pixel[2])};
}

Image brighten(const Image& p) {
  return map_pixels(p.width(), p.height(), [&](int x, int y) {
    std::array<double, 3> colour = colour_of(p, x, y);
    for (double& value : colour) value *= 1.3;
    return colour;
  });
}

Image to_grey(const Image& p) {
  return map_pixels(p.width(), p.height(), [&](int x, int y) {
    const std::array<double, 3> colour = colour_of(p, x, y);
    const double grey = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2];
    return std::array{grey, grey, grey};
  });
}

Image crop(const Image& p) {
  const int dx = p.width() / 20;
  const int dy = p.height() / 20;
  return map_pixels(p.width() - 2 * dx, p.height() - 2 * dy,
                    [&](int x, int y) { return colour_of(p, x + dx, y + dy); });
}

Image add_border(const Image& p) {
  const int dx = p.width() * 15 / 200;
  const int dy = p.height() * 15 / 200;
  return map_pixels(p.width() + 2 * dx, p.height() + 2 * dy, [&](int x, int y) {
    const bool inside = x >= dx && y >= dy && x < p.width() + dx && y < p.height() + dy;
    return inside ? colour_of(p, x - dx, y - dy) : std::array{255.0, 255.0, 255.0};
  });
}

Image mirror(const Image& p) {
  return map_pixels(p.width(), p.height(), [&](int x, int y) { return colour_of(p, p.width() - 1 - x, y); });
}

struct Edit {
  const char* name;
  int quality;
  std::function<Image(const Image&)> apply;
};

const std::vector<Edit>& edits() {
  static const std::vector<Edit> kEdits = {
      {"jpeg40", 40, [](const Image& p) { return image::resize(p, p.width(), p.height()); }},
      {"half", 90, [](const Image& p) { return image::resize(p, p.width() / 2, p.height() / 2); }},
      {"brighter", 90, brighten},
      {"grey", 90, to_grey},
      {"crop", 90, crop},
      {"border", 90, add_border},
      {"mirror", 90, mirror}};
  return kEdits;
}

// The tree and, from index tree.samples.size() on, an edited copy of each chosen photograph.
void bench_one_edit(const dataset::Dataset& tree, const std::vector<std::size_t>& chosen, const Edit& edit,
                    const fs::path& scratch, const Context& context) {
  dataset::Dataset all = tree;
  for (dataset::Sample& sample : all.samples) sample.path = fs::absolute(tree.root / sample.path).string();
  for (const std::size_t i : chosen) {
    const Result<Image> picture = image::decode(read_file(all.samples[i].path));
    if (!picture) continue;
    const fs::path copy = scratch / fmt::format("{}-{}.jpg", edit.name, i);
    write_file_atomically(copy, image::encode_jpeg(edit.apply(*picture), edit.quality));
    all.samples.push_back({copy.string(), all.samples[i].label});
  }
  const curation::Curation curation = curate(all, context);
  std::size_t found = 0;
  std::size_t false_groups = 0;
  for (const curation::DuplicateGroup& group : curation.groups) {
    std::set<std::size_t> originals;
    for (const std::size_t row : group.rows) {
      originals.insert(row < tree.samples.size() ? row : chosen[row - tree.samples.size()]);
    }
    for (const std::size_t row : group.rows) {
      if (row < tree.samples.size()) continue;
      const std::size_t original = chosen[row - tree.samples.size()];
      found += std::count(group.rows.begin(), group.rows.end(), original) > 0 ? 1 : 0;
    }
    false_groups += originals.size() > 1 ? 1 : 0;
  }
  fmt::print("{:10} {:4} of {} found ({:.1f} %), {} false groups, {} leaks\n", edit.name, found,
             chosen.size(), 100.0 * static_cast<double>(found) / static_cast<double>(chosen.size()),
             false_groups, curation.leaks);
}

void bench_copies(const fs::path& folder, const Context& context) {
  const dataset::Dataset tree = dataset::open_dataset(folder);
  std::vector<std::size_t> chosen;
  const std::size_t step = std::max<std::size_t>(1, tree.samples.size() / kCopied);
  for (std::size_t i = 0; i < tree.samples.size() && chosen.size() < kCopied; i += step) chosen.push_back(i);
  const Scratch scratch;
  for (const Edit& edit : edits()) bench_one_edit(tree, chosen, edit, scratch / "", context);
}

// Directions drawn at random; every hundredth is a copy of the one before, at a cosine of about 0.93.
stats::Matrix draw_embeddings(std::size_t count, const Context& context) {
  constexpr std::size_t kWidth = 1280;
  stats::Matrix units(count, kWidth);
  parallel_for(count, context.threads, context.stop, [&](std::size_t i) {
    const bool copy = i % 100 == 99;
    CounterRandom random(7, copy ? i - 1 : i);
    CounterRandom noise(8, i);
    for (float& value : units.row(i)) {
      value = static_cast<float>(random.uniform(-1, 1) + (copy ? 0.4 * noise.uniform(-1, 1) : 0.0));
    }
  });
  stats::normalise_rows(units);
  return units;
}

void bench_search(std::size_t count, const Context& context) {
  const stats::Matrix units = draw_embeddings(count, context);
  std::vector<dataset::Fingerprint> fingerprints(count);
  std::vector<const dataset::Fingerprint*> pointers;
  for (std::size_t i = 0; i < count; ++i) {
    fingerprints[i].sha256 = std::to_string(i);
    fingerprints[i].look = {mix_bits(2 * i), mix_bits(2 * i + 1)};
    pointers.push_back(&fingerprints[i]);
  }
  const auto start = std::chrono::steady_clock::now();
  const dataset::DuplicateGroups groups = dataset::find_duplicates({pointers, &units}, {}, context);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::size_t planted = 0;
  std::size_t found = 0;
  for (std::size_t i = 99; i < count; i += 100) {
    ++planted;
    found += groups.same[i] == groups.same[i - 1] ? 1 : 0;
  }
  const auto distinct =
      static_cast<std::size_t>(*std::max_element(groups.same.begin(), groups.same.end())) + 1;
  fmt::print("{} pictures: {} of {} copies found, {} false; {:.1f} s on {} threads, {:.2f} GB at most\n",
             count, found, planted, count - distinct - found, seconds, context.threads, gigabytes_at_most());
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// All that `winnow-curate FOLDER -o FILE --report FILE` does.
curation::Curation curate_and_report(const fs::path& folder, const fs::path& cache, const Scratch& scratch,
                                     const Context& context) {
  const dataset::Dataset tree = dataset::open_dataset(folder);
  curation::CurationOptions options;
  options.examine = curation::make_examine({.weights = WINNOW_WEIGHTS, .cache = cache});
  curation::Curation curation = curation::curate(tree, options, context);
  dataset::write_curated_manifest(scratch / "curated.jsonl", curation.manifest);
  write_file_atomically(scratch / "curate.html",
                        curation::render_curation_report(tree, curation, "bench", "", context));
  return curation;
}

// In turns, so that both see the same machine: decoding and the forward pass with nothing else, the whole
// with an empty cache, and the same with a full one.
void bench_speed(const fs::path& folder, const Context& context) {
  constexpr int kRounds = 5;
  const Scratch scratch;
  std::vector<double> alone, whole, again;
  std::size_t pictures = 0;
  for (int round = 0; round < kRounds; ++round) {
    alone.push_back(seconds_of([&] {
      const dataset::Dataset tree = dataset::open_dataset(folder);
      const embedding::Backbone backbone = embedding::read_backbone(WINNOW_WEIGHTS, "efficientnet_lite0");
      pictures = embedding::embed(backbone.architecture, backbone.tensors,
                                  embedding::preprocessing_for(backbone.architecture), tree, {}, context)
                     .kept.size();
    }));
    const fs::path cache = scratch / std::to_string(round);
    whole.push_back(seconds_of([&] { curate_and_report(folder, cache, scratch, context); }));
    again.push_back(seconds_of([&] { curate_and_report(folder, cache, scratch, context); }));
  }
  fmt::print(
      "{} pictures, median of {}: embedding alone {:.2f} s, curated whole {:.2f} s, ratio {:.2f}; with "
      "the embeddings cached {:.2f} s\n",
      pictures, kRounds, median(alone), median(whole), median(whole) / median(alone), median(again));
}

constexpr int kTile = 80;

// Four tiles from anywhere in four of the pictures.
Image draw_mosaic(const std::vector<Image>& pictures, std::uint64_t number) {
  CounterRandom random(11, number);
  Image mosaic(2 * kTile, 2 * kTile);
  for (int tile = 0; tile < 4; ++tile) {
    const Image& source = pictures[random.below(pictures.size())];
    const auto left = static_cast<int>(random.below(static_cast<std::uint64_t>(source.width() - kTile + 1)));
    const auto top = static_cast<int>(random.below(static_cast<std::uint64_t>(source.height() - kTile + 1)));
    for (int y = 0; y < kTile; ++y) {
      std::copy_n(source.row(top + y) + 3 * static_cast<std::ptrdiff_t>(left), 3 * kTile,
                  mosaic.row(tile / 2 * kTile + y) + tile % 2 * 3 * static_cast<std::ptrdiff_t>(kTile));
    }
  }
  return mosaic;
}

void bench_scale(const fs::path& folder, std::size_t count, const Context& context) {
  const Scratch scratch;
  {
    std::vector<Image> pictures;
    const dataset::Dataset tree = dataset::open_dataset(folder);
    for (const dataset::Sample& sample : tree.samples) {
      const Result<Bytes> bytes = tree.read(sample);
      if (!bytes) continue;
      Result<Image> picture = image::decode(*bytes);
      if (picture && std::min(picture->width(), picture->height()) >= 2 * kTile) {
        pictures.push_back(image::resize(*picture, 2 * kTile, 2 * kTile));
      }
    }
    for (const char* label : {"one", "two"}) fs::create_directories(scratch / "set" / label);
    parallel_for(count, context.threads, context.stop, [&](std::size_t i) {
      const Bytes jpeg = image::encode_jpeg(draw_mosaic(pictures, i), 85);
      std::ofstream out(scratch / "set" / (i % 2 == 0 ? "one" : "two") / fmt::format("{:06}.jpg", i));
      out.write(reinterpret_cast<const char*>(jpeg.data()), static_cast<std::streamsize>(jpeg.size()));
    });
  }
  for (const char* cache : {"empty", "full"}) {
    std::size_t kept = 0;
    const double seconds = seconds_of([&] {
      const auto curation = curate_and_report(scratch / "set", scratch / "cache", scratch, context);
      for (const curation::ClassCounts& c : curation.classes) kept += c.kept();
    });
    fmt::print("{} pictures, {} kept, {} cache: {:.0f} s on {} threads, {:.2f} GB at most so far\n", count,
               kept, cache, seconds, context.threads, gigabytes_at_most());
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace winnow

int main(int argc, char** argv) {
  const std::string which = argc > 1 ? argv[1] : "";
  winnow::Surroundings surroundings;
  try {
    if (which == "flips" && argc == 3) {
      winnow::bench_flips(argv[2], surroundings.context);
    } else if (which == "copies" && argc == 3) {
      winnow::bench_copies(argv[2], surroundings.context);
    } else if (which == "speed" && argc == 3) {
      winnow::bench_speed(argv[2], surroundings.context);
    } else if (which == "scale" && (argc == 3 || argc == 4)) {
      winnow::bench_scale(argv[2], argc == 4 ? std::stoul(argv[3]) : 100'000, surroundings.context);
    } else if (which == "search" && argc <= 3) {
      winnow::bench_search(argc == 3 ? std::stoul(argv[2]) : 100'000, surroundings.context);
    } else {
      fmt::print(stderr,
                 "curate_bench flips|copies|speed FOLDER, curate_bench scale FOLDER [PICTURES], or "
                 "curate_bench search [PICTURES]\n");
      return 2;
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "curate_bench: {}\n", error.what());
    return 1;
  }
  return 0;
}
