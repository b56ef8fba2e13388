#include "proof_of_work.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <charconv>

#include "winnow/core/base64.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/core/text.hpp"

namespace winnow::serving {
namespace {

constexpr std::size_t kLongestAnswer = 2048;
constexpr std::size_t kSaltBytes = 12;
constexpr std::size_t kSecretBytes = 32;
constexpr std::uint64_t kLongestSecret = 65'536;
constexpr std::string_view kAlgorithm = "SHA-256";
constexpr std::string_view kExpires = "?expires=";

void fill_random(void* target, std::size_t size) {
  if (RAND_bytes(static_cast<unsigned char*>(target), static_cast<int>(size)) != 1)
    throw Error(ErrorKind::kIo, "", "the system gives no random numbers");
}

std::string to_hex(ByteSpan bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

std::int64_t unix_time(ProofOfWork::Clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// "0123...?expires=1700000000&". Without the last sign digits could go from the number to the time, and a sum
// that was solved once would be good for longer.
std::optional<std::int64_t> expiry_of(std::string_view salt) {
  if (salt.size() < 2 * kSaltBytes || !salt.ends_with('&')) return std::nullopt;
  salt.remove_prefix(2 * kSaltBytes);
  if (!salt.starts_with(kExpires)) return std::nullopt;
  salt.remove_prefix(kExpires.size());
  salt.remove_suffix(1);
  std::int64_t time = 0;
  const auto [end, error] = std::from_chars(salt.data(), salt.data() + salt.size(), time);
  if (error != std::errc{} || end != salt.data() + salt.size()) return std::nullopt;
  return time;
}

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string hash(std::string_view salt, std::uint64_t number) {
  return sha256_hex(as_bytes(fmt::format("{}{}", salt, number)));
}

}  // namespace

ProofOfWork::ProofOfWork(std::uint64_t most, std::chrono::seconds lifetime, std::string secret,
                         std::size_t most_used)
    : most_(most), lifetime_(lifetime), most_used_(most_used), secret_(std::move(secret)) {
  if (!secret_.empty()) return;
  secret_.resize(kSecretBytes);
  fill_random(secret_.data(), secret_.size());
}

std::string ProofOfWork::sign(std::string_view challenge) const {
  std::array<std::uint8_t, 32> code{};
  unsigned size = 0;
  const ByteSpan bytes = as_bytes(challenge);
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), bytes.data(), bytes.size(),
       code.data(), &size);
  return to_hex(code);
}

Json ProofOfWork::challenge(Clock::time_point now) const {
  std::array<std::uint8_t, kSaltBytes> random{};
  std::uint64_t number = 0;
  fill_random(random.data(), random.size());
  fill_random(&number, sizeof number);
  number %= most_ + 1;
  const std::string salt = fmt::format("{}{}{}&", to_hex(random), kExpires, unix_time(now + lifetime_));
  const std::string challenge = hash(salt, number);
  return {{"algorithm", kAlgorithm},
          {"challenge", challenge},
          {"maxnumber", most_},
          {"salt", salt},
          {"signature", sign(challenge)}};
}

ProofOfWork::Verdict ProofOfWork::check(std::string_view answer, Clock::time_point now) {
  if (answer.size() > kLongestAnswer) return Verdict::kWrong;
  const std::optional<Bytes> decoded = from_base64(answer);
  if (!decoded) return Verdict::kWrong;
  const Json json = Json::parse(as_text(*decoded), nullptr, false);
  const auto text = [&](const char* name) {
    return json.is_object() && json.contains(name) && json[name].is_string() ? json[name].get<std::string>()
                                                                             : "";
  };
  const std::string salt = text("salt");
  const std::optional<std::int64_t> expires = expiry_of(salt);
  const bool has_number = json.is_object() && json.contains("number") && json["number"].is_number_unsigned();
  if (!expires || !has_number || text("algorithm") != kAlgorithm) return Verdict::kWrong;
  const std::string challenge = hash(salt, json["number"].get<std::uint64_t>());
  const std::string signature = sign(challenge);
  if (!same(challenge, text("challenge")) || !same(signature, text("signature"))) return Verdict::kWrong;
  const std::int64_t time = unix_time(now);
  if (*expires <= time) return Verdict::kExpired;
  const std::lock_guard lock(mutex_);
  used_.erase(used_.begin(), used_.lower_bound({time + 1, ""}));
  if (used_.contains({*expires, signature})) return Verdict::kUsed;
  if (used_.size() >= most_used_) return Verdict::kFull;
  used_.emplace(*expires, signature);
  return Verdict::kGood;
}

std::size_t ProofOfWork::used() const {
  const std::lock_guard lock(mutex_);
  return used_.size();
}

std::string read_work_secret(const std::filesystem::path& file) {
  const Bytes content = read_file(file, kLongestSecret);
  std::string secret(trim(as_text(content)));
  if (secret.size() < kSecretBytes) {
    throw Error(ErrorKind::kInvalid, file.string(),
                fmt::format("holds no secret of {} characters or more; openssl rand -hex 32 makes one",
                            kSecretBytes));
  }
  return secret;
}

}  // namespace winnow::serving
