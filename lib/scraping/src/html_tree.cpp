#include "html_tree.hpp"

#include <chrono>
#include <csetjmp>
#include <cstdlib>
#include <vector>

namespace winnow::scraping {

using Clock = std::chrono::steady_clock;

// gumbo takes it for granted that memory never runs out, so the only way to end a parse is to jump out of it.
// It holds nothing but memory of this arena, and there is no C++ frame with a destructor on the way.
struct HtmlTree::Arena {
  static constexpr std::size_t kBlock = std::size_t{1} << 16;
  static constexpr std::size_t kAlignment = 16;
  static constexpr unsigned kAllocationsPerLook = 64;

  explicit Arena(const PageLimits& limits)
      : memory_left(limits.max_memory), deadline(Clock::now() + limits.max_time) {}
  ~Arena() {
    while (blocks != nullptr) {
      void* const before = *static_cast<void**>(blocks);
      std::free(blocks);
      blocks = before;
    }
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  static void* allocate(void* self, std::size_t size) { return static_cast<Arena*>(self)->take(size); }
  static void forget(void*, void*) {}

  void* take(std::size_t size) {
    size = (size + kAlignment - 1) / kAlignment * kAlignment;
    if (++allocations % kAllocationsPerLook == 0 && Clock::now() > deadline) std::longjmp(escape, 1);
    if (size > left) new_block(size);
    void* const taken = next;
    next += size;
    left -= size;
    return taken;
  }

  void new_block(std::size_t size) {
    const std::size_t whole = size + kAlignment > kBlock ? size + kAlignment : kBlock;
    void* const block = whole > memory_left ? nullptr : std::malloc(whole);
    if (block == nullptr) std::longjmp(escape, 1);
    memory_left -= whole;
    *static_cast<void**>(block) = blocks;
    blocks = block;
    next = static_cast<char*>(block) + kAlignment;
    left = whole - kAlignment;
  }

  // Apart from the constructor, so that no variable of it can be clobbered by the jump.
  const GumboNode* parse(const Bytes& text) {
    GumboOptions options = kGumboDefaultOptions;
    options.allocator = &Arena::allocate;
    options.deallocator = &Arena::forget;
    options.userdata = this;
    options.max_errors = 0;
    if (setjmp(escape) != 0) return nullptr;
    const GumboOutput* const output =
        gumbo_parse_with_options(&options, reinterpret_cast<const char*>(text.data()), text.size());
    return output->document;
  }

  std::size_t memory_left;
  const Clock::time_point deadline;
  unsigned allocations = 0;
  void* blocks = nullptr;  // each begins with a pointer to the one before it
  char* next = nullptr;
  std::size_t left = 0;
  std::jmp_buf escape;
};

HtmlTree::HtmlTree(ByteSpan html, const PageLimits& limits)
    : text_(html.begin(), html.end()), arena_(std::make_unique<Arena>(limits)), root_(arena_->parse(text_)) {}

HtmlTree::~HtmlTree() = default;

void HtmlTree::walk(const Visitor& visitor) const {
  struct Place {
    const GumboNode* node;
    unsigned next_child;
  };
  const auto children_of = [](const GumboNode& node) -> const GumboVector& {
    return node.type == GUMBO_NODE_DOCUMENT ? node.v.document.children : node.v.element.children;
  };
  std::vector<Place> path = {{root_, 0}};
  while (!path.empty()) {
    Place& place = path.back();
    const GumboVector& children = children_of(*place.node);
    if (place.next_child == children.length) {
      if (place.node->type == GUMBO_NODE_ELEMENT) visitor.leave(place.node->v.element);
      path.pop_back();
      continue;
    }
    const auto* const child = static_cast<const GumboNode*>(children.data[place.next_child++]);
    if (child->type != GUMBO_NODE_ELEMENT) continue;
    visitor.enter(child->v.element);
    path.push_back({child, 0});
  }
}

std::string_view attribute(const GumboElement& element, const char* name) {
  const GumboAttribute* const found = gumbo_get_attribute(&element.attributes, name);
  return found == nullptr ? std::string_view() : std::string_view(found->value);
}

}  // namespace winnow::scraping
