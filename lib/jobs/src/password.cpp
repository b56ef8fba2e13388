#include "winnow/jobs/password.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "winnow/core/base64.hpp"
#include "winnow/core/error.hpp"

namespace winnow::jobs {
namespace {

constexpr std::size_t kFewestCharacters = 8;
constexpr std::size_t kMostBytes = 256;
constexpr auto kPasses = crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE;
constexpr auto kMemory = crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE;

class Place {
 public:
  explicit Place(std::counting_semaphore<>& places) : places_(places) { places_.acquire(); }
  ~Place() { places_.release(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  std::counting_semaphore<>& places_;
};

[[noreturn]] void fail_for_memory() {
  throw Error(ErrorKind::kIo, "", "there is no memory to check a password with; it takes 64 MiB");
}

}  // namespace

std::optional<std::string> password_objection(std::string_view password) {
  const auto characters = std::ranges::count_if(password, [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;  // of UTF-8, those that begin a code point
  });
  if (static_cast<std::size_t>(characters) < kFewestCharacters) {
    return "the password has fewer than 8 characters; choose a longer one";
  }
  if (password.size() > kMostBytes) return "the password has more than 256 bytes; choose a shorter one";
  return std::nullopt;
}

PasswordHasher::PasswordHasher() {
  if (sodium_init() < 0) throw Error(ErrorKind::kUnsupported, "", "libsodium cannot work on this machine");
  std::array<std::uint8_t, 32> random{};
  randombytes_buf(random.data(), random.size());
  of_nobody_ = hash(to_base64(random));
}

std::string PasswordHasher::hash(std::string_view password) {
  if (const auto objection = password_objection(password)) throw Error(ErrorKind::kUsage, "", *objection);
  const Place place(places_);
  std::array<char, crypto_pwhash_argon2id_STRBYTES> text{};
  if (crypto_pwhash_argon2id_str(text.data(), password.data(), password.size(), kPasses, kMemory) != 0) {
    fail_for_memory();
  }
  return text.data();
}

bool PasswordHasher::verify(std::string_view password, const std::optional<std::string>& kept) {
  if (password.size() > kMostBytes) return false;  // of everybody alike: it cannot have been chosen
  const Place place(places_);
  const std::string& text = kept ? *kept : of_nobody_;
  errno = 0;
  const int status = crypto_pwhash_argon2id_str_verify(text.c_str(), password.data(), password.size());
  if (status != 0 && errno == ENOMEM) fail_for_memory();
  return status == 0 && kept.has_value();
}

bool PasswordHasher::needs_rehash(const std::string& kept) {
  return crypto_pwhash_argon2id_str_needs_rehash(kept.c_str(), kPasses, kMemory) != 0;
}

}  // namespace winnow::jobs
