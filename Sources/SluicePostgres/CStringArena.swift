internal import CLibpq

/// C strings and blobs laid out in one buffer, lent to C for the length of one call.
///
/// Pointers are made from offsets inside a single scope, so that none can outlive it.
struct CStringArena {
    private var bytes: [UInt8] = []
    private var offsets: [Int?] = []
    private(set) var lengths: [Int32] = []

    /// `byteCount` is what all entries take together, ends included: with it the buffer
    /// never moves, and no copy of a secret stays behind.
    init(byteCount: Int, entryCount: Int) {
        bytes.reserveCapacity(byteCount)
        offsets.reserveCapacity(entryCount)
        lengths.reserveCapacity(entryCount)
    }

    mutating func append(_ text: String) {
        append(text.utf8)
        bytes.append(0)
    }

    mutating func append(_ blob: some Collection<UInt8>) {
        offsets.append(bytes.count)
        lengths.append(Int32(clamping: blob.count))
        bytes.append(contentsOf: blob)
    }

    mutating func appendNull() {
        offsets.append(nil)
        lengths.append(0)
    }

    /// Lends one pointer for each entry; they are valid only inside `body`.
    func withPointers<Value>(_ body: ([UnsafePointer<CChar>?]) -> Value) -> Value {
        bytes.withUnsafeBytes { buffer in
            body(
                offsets.map { offset in
                    guard let offset, let base = buffer.baseAddress else { return nil }
                    return (base + offset).assumingMemoryBound(to: CChar.self)
                })
        }
    }

    mutating func zero() {
        bytes.withUnsafeMutableBytes { sluice_zero($0.baseAddress, $0.count) }
    }
}

extension String {
    /// Whether C would see less of this text than there is.
    var holdsNUL: Bool { utf8.contains(0) }
}
