// Archives put together by hand, good and bad.
#pragma once

#include <zlib.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/byte_writer.hpp"
#include "support/tar.hpp"

namespace winnow::test {

// Deflated; raw as zip has it, or as a gzip file.
inline std::string deflated(std::string_view content, bool gzip = false) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, gzip ? 15 + 16 : -15, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, content.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<unsigned>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<unsigned>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}
inline std::string gzipped(std::string_view content) {
  return deflated(content, true);
}

struct ZipMember {
  std::string name;
  std::string content;
  unsigned method = 8;      // 0: stored; what is neither 0 nor 8 is stored and lies
  unsigned flags = 0x800;   // names are UTF-8
  unsigned mode = 0100644;  // of Unix
  long long claimed_size = -1;
};

inline std::string zip(const std::vector<ZipMember>& members) {
  ByteWriter file;
  ByteWriter directory;
  for (const ZipMember& member : members) {
    const std::string packed = member.method == 8 ? deflated(member.content) : member.content;
    const auto crc = crc32(0, reinterpret_cast<const Bytef*>(member.content.data()),
                           static_cast<unsigned>(member.content.size()));
    const auto size =
        member.claimed_size >= 0 ? static_cast<std::uint64_t>(member.claimed_size) : member.content.size();
    const std::size_t offset = file.size();
    ByteWriter common;
    common.little(member.flags, 2).little(member.method, 2).little(0, 4);
    common.little(crc, 4).little(packed.size(), 4).little(size, 4);
    common.little(member.name.size(), 2).little(0, 2);
    file.text("PK\x03\x04").little(20, 2).bytes(common.written()).text(member.name).text(packed);
    directory.text("PK\x01\x02").little(0x0314, 2).little(20, 2).bytes(common.written());
    directory.little(0, 2)
        .little(0, 2)
        .little(0, 2)
        .little(std::uint64_t{member.mode} << 16, 4)
        .little(offset, 4);
    directory.text(member.name);
  }
  const std::size_t start = file.size();
  file.bytes(directory.written());
  file.text("PK\x05\x06").little(0, 4).little(members.size(), 2).little(members.size(), 2);
  file.little(directory.size(), 4).little(start, 4).little(0, 2);
  return std::string(as_text(file.written()));
}

}  // namespace winnow::test
