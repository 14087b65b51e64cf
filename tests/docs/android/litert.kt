// What docs/other_languages.md uses of LiteRT for Android, as its sources declare it
// (litert/kotlin in github.com/google-ai-edge/LiteRT): to compile against, not to run.
package com.google.ai.edge.litert

enum class Accelerator { CPU, GPU, NPU }

abstract class JniHandle : AutoCloseable {
    override fun close() = TODO()
}

class TensorBuffer : JniHandle() {
    fun writeFloat(data: FloatArray): Unit = TODO(data.toString())

    fun readFloat(): FloatArray = TODO()
}

class CompiledModel : JniHandle() {
    class Options(vararg val accelerators: Accelerator)

    fun createInputBuffer(inputName: String, signature: String? = null): TensorBuffer = TODO(inputName + signature)

    fun createOutputBuffer(outputName: String, signature: String? = null): TensorBuffer = TODO(outputName + signature)

    fun run(inputs: Map<String, TensorBuffer>, outputs: Map<String, TensorBuffer>, signature: String? = null): Unit =
        TODO("$inputs $outputs $signature")

    companion object {
        @JvmStatic
        fun create(filePath: String, options: Options): CompiledModel = TODO(filePath + options)
    }
}
