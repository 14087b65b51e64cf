// What docs/other_languages.md uses of Android's org.json: to compile against, not to run.
package org.json

class JSONArray {
    fun length(): Int = TODO()

    fun getString(index: Int): String = TODO(index.toString())
}

class JSONObject(val json: String) {
    fun getJSONArray(name: String): JSONArray = TODO(name)

    fun getJSONObject(name: String): JSONObject = TODO(name)

    fun getInt(name: String): Int = TODO(name)

    fun getDouble(name: String): Double = TODO(name)

    fun keys(): Iterator<String> = TODO()
}
