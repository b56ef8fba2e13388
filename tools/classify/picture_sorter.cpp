#include "classify/picture_sorter.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <set>

#include "classify/options.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/text.hpp"

namespace winnow::tools {
namespace {

namespace fs = std::filesystem;

enum class Filed { kNew, kPresent, kNameTaken };

bool holds_the_same(const fs::path& a, const fs::path& b) {
  std::error_code error;
  if (fs::equivalent(a, b, error)) return true;
  if (fs::file_size(a, error) != fs::file_size(b, error) || error) return false;
  const Result<Bytes> first = try_read_file(a);
  const Result<Bytes> second = try_read_file(b);
  return first && second && *first == *second;
}

// Copies under a temporary name, so that the picture appears whole, and gives way to what is there.
bool copy_to_free_name(const fs::path& picture, const fs::path& target) {
  const fs::path temporary = target.parent_path() / fmt::format("{}{}.tmp", kTemporaryFilePrefix, ::getpid());
  std::error_code error;
  fs::copy_file(picture, temporary, fs::copy_options::overwrite_existing, error);
  int reason = error.value();
  if (!error && ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, target.c_str(), RENAME_NOREPLACE) == 0) {
    return true;
  }
  if (!error) reason = errno;
  fs::remove(temporary, error);
  if (reason == EEXIST) return false;
  throw Error(ErrorKind::kIo, target.string(), "cannot write: " + system_message(reason));
}

Filed file_as(const fs::path& picture, const fs::path& target) {
  if (::linkat(AT_FDCWD, picture.c_str(), AT_FDCWD, target.c_str(), AT_SYMLINK_FOLLOW) == 0)
    return Filed::kNew;
  if (errno != EEXIST && copy_to_free_name(picture, target)) return Filed::kNew;
  return holds_the_same(picture, target) ? Filed::kPresent : Filed::kNameTaken;
}

}  // namespace

PictureSorter::PictureSorter(fs::path folder, const std::vector<std::string>& classes)
    : folder_(std::move(folder)) {
  std::set<std::string> taken = {kNoneOfThese};
  for (const std::string& label : classes) {
    const std::string wanted = safe_file_name(label);
    std::string name = wanted;
    for (int number = 2; !taken.insert(name).second; ++number) name = fmt::format("{}-{}", wanted, number);
    names_[label] = name;
  }
}

void PictureSorter::file(const fs::path& picture, const inference::Answer& answer) {
  const std::string& name = answer.unknown ? kNoneOfThese : names_.at(answer.label);
  const fs::path place = folder_ / name;
  if (filed_[name]++ == 0) winnow::create_directories(place);
  const std::string stem = picture.stem().string();
  const std::string extension = picture.extension().string();
  fs::path target = place / picture.filename();
  Filed filed = file_as(picture, target);
  for (int number = 2; filed == Filed::kNameTaken; ++number) {
    target = place / fmt::format("{}-{}{}", stem, number, extension);
    filed = file_as(picture, target);
  }
  present_ += filed == Filed::kPresent ? 1 : 0;
}

void PictureSorter::report(Logger& log) const {
  std::string list;
  for (const auto& [name, count] : filed_) {
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", printable(name), count);
  }
  log.info("filed into {}: {}{}", folder_.string(), list,
           present_ == 0 ? "" : fmt::format(" ({} were there)", present_));
}

}  // namespace winnow::tools
