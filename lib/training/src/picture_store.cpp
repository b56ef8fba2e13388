#include "picture_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>

#include "winnow/core/progress.hpp"
#include "winnow/core/text.hpp"
#include "winnow/dataset/loader.hpp"

namespace winnow::training {
namespace {

// A file without a name in folder, with room for `bytes` on the disk: writing to a mapping of a file whose
// disk is full would end the process.
class UnlinkedFile {
 public:
  UnlinkedFile(const std::filesystem::path& folder, std::uint64_t bytes) {
    std::string name = (folder / "winnow-pictures-XXXXXX").string();
    descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (descriptor_ < 0) fail(folder, bytes, errno);
    ::unlink(name.c_str());
    const int error = ::posix_fallocate(descriptor_, 0, static_cast<off_t>(bytes));
    if (error != 0) {
      ::close(descriptor_);
      fail(folder, bytes, error);
    }
  }
  ~UnlinkedFile() { ::close(descriptor_); }
  UnlinkedFile(const UnlinkedFile&) = delete;
  UnlinkedFile& operator=(const UnlinkedFile&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  [[noreturn]] static void fail(const std::filesystem::path& folder, std::uint64_t bytes, int error) {
    throw Error(ErrorKind::kIo, folder.string(),
                fmt::format("no room for {} of decoded pictures ({}); give more memory, a smaller picture "
                            "size or another folder",
                            format_bytes(bytes), system_message(error)));
  }

  int descriptor_ = -1;
};

}  // namespace

image::Preprocessing with_margin(image::Preprocessing preprocessing) {
  preprocessing.size = static_cast<int>(std::lround(preprocessing.size / preprocessing.crop_fraction));
  preprocessing.crop_fraction = 1;
  return preprocessing;
}

void PictureStore::Unmap::operator()(std::uint8_t* pixels) const {
  ::munmap(pixels, bytes);
}

PictureStore::PictureStore(const dataset::Dataset& data, std::span<const std::size_t> samples,
                           const image::Preprocessing& preprocessing, const PictureStoreOptions& options,
                           const Context& context)
    : side_(preprocessing.size), picture_bytes_(image::output_bytes(preprocessing)) {
  if (samples.empty()) return;
  allocate(samples.size(), options);
  std::vector<std::filesystem::path> files;
  for (const std::size_t i : samples) files.push_back(data.root / data.samples[i].path);
  Progress progress(context.terminal, "decoding", files.size());
  const auto failures = dataset::load_batches(files, preprocessing, {}, context, [&](dataset::Batch& batch) {
    std::memcpy(pixels_.get() + count() * picture_bytes_, batch.pixels.data(), batch.pixels.size());
    for (const std::size_t i : batch.indices) {
      samples_.push_back(samples[i]);
      labels_.push_back(data.samples[samples[i]].label);
    }
    progress.advance(batch.indices.size());
  });
  for (const dataset::LoadFailure& failed : failures) {
    skipped_.push_back({data.samples[samples[failed.index]].path, failed.failure});
  }
}

void PictureStore::allocate(std::size_t count, const PictureStoreOptions& options) {
  const std::uint64_t bytes = std::uint64_t{count} * picture_bytes_;
  in_memory_ = bytes <= options.memory;
  void* pixels = MAP_FAILED;
  if (in_memory_) {
    pixels = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  } else {
    const std::filesystem::path folder =
        options.folder.empty() ? std::filesystem::temp_directory_path() : options.folder;
    const UnlinkedFile file(folder, bytes);
    pixels = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor(), 0);
  }
  if (pixels == MAP_FAILED) {
    throw Error(
        ErrorKind::kIo, "",
        fmt::format("{} decoded pictures take {}, which this machine does not give ({}); use a smaller "
                    "picture size",
                    count, format_bytes(bytes), system_message(errno)));
  }
  pixels_ = {static_cast<std::uint8_t*>(pixels), Unmap{bytes}};
}

}  // namespace winnow::training
