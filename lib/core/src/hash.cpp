#include "winnow/core/hash.hpp"

#include <openssl/evp.h>

#include <array>
#include <fstream>

#include "winnow/core/error.hpp"

namespace winnow {
namespace {

using Digest = std::array<std::uint8_t, 32>;

void require(bool done) {
  if (!done) throw Error(ErrorKind::kUnsupported, "", "OpenSSL offers no SHA-256 here");
}

std::string to_hex(const Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(64);
  for (const std::uint8_t byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

}  // namespace

std::string sha256_hex(ByteSpan bytes) {
  Digest digest{};
  require(EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) == 1);
  return to_hex(digest);
}

struct Sha256::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  require(state_->context && EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteSpan bytes) {
  require(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() {
  Digest digest{};
  require(EVP_DigestFinal_ex(state_->context.get(), digest.data(), nullptr) == 1);
  return to_hex(digest);
}

FileDigest sha256_of_file(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) throw Error(ErrorKind::kNotFound, path.string(), "is not there");
  std::ifstream file(path, std::ios::binary);
  if (!file || !std::filesystem::is_regular_file(path)) {
    throw Error(ErrorKind::kIo, path.string(), "cannot be read");
  }
  Sha256 hash;
  FileDigest digest;
  Bytes block(256 * 1024);
  while (file) {
    file.read(reinterpret_cast<char*>(block.data()), static_cast<std::streamsize>(block.size()));
    const auto count = static_cast<std::size_t>(file.gcount());
    hash.update(ByteSpan(block).first(count));
    digest.bytes += count;
  }
  if (file.bad()) throw Error(ErrorKind::kIo, path.string(), "cannot be read to its end");
  digest.sha256 = hash.finish();
  return digest;
}

}  // namespace winnow
